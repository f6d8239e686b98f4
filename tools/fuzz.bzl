"""Fuzz targets that are plain tests until asked to fuzz."""

def warren_cc_fuzz_test(name, srcs, deps, corpus = []):
    """A test around `extern "C" int LLVMFuzzerTestOneInput(data, size)`.

    Normally the corpus, and fixed mutations of it, are replayed. Under
    `bazel test --config=fuzz` libFuzzer runs for 20 s; to go on for ever:
    `bazel run --config=fuzz //core/x:x_fuzz -- -max_total_time=0 NEW_CORPUS_FOLDER`.

    Args:
      name: of the test, by custom `<what>_fuzz`.
      srcs: with the function above.
      deps: as of a cc_test.
      corpus: files, each one input; of a *.hex file each line is one input,
        in hex, where `#` starts a comment.
    """
    native.cc_test(
        name = name,
        size = "small",
        srcs = srcs + select({
            "//tools:fuzzing": [],
            "//conditions:default": ["//tools:fuzz_replay_main.cc"],
        }),
        args = select({
            "//tools:fuzzing": ["-max_total_time=20"],
            "//conditions:default": ["$(rootpath %s)" % file for file in corpus],
        }),
        data = corpus,
        linkopts = select({
            "//tools:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        deps = deps,
    )
