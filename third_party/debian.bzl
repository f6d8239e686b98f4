"""Repositories made of what Debian's packages installed; nothing is fetched."""

def _debian_library_impl(ctx):
    ctx.symlink(ctx.attr.build_file, "BUILD.bazel")
    if ctx.attr.headers:
        ctx.symlink(ctx.attr.headers, "include")

# A library of Debian's. Headers that lie straight in /usr/include need no
# `headers`: every compiler searches it, Bazel trusts it, and no warning of
# ours reaches into it.
debian_library = repository_rule(
    implementation = _debian_library_impl,
    attrs = {
        "build_file": attr.label(mandatory = True),
        "headers": attr.string(),
    },
    local = True,
)

_RULES_CC = "/usr/share/bazel/rules/cc"

def _patched_rules_cc_impl(ctx):
    for name in ["BUILD", "WORKSPACE"]:
        ctx.symlink(_RULES_CC + "/" + name, name)
    copied = ctx.execute(["cp", "-r", _RULES_CC + "/cc", "cc"])
    if copied.return_code != 0:
        fail("Cannot copy Debian's bazel-rules-cc: " + copied.stderr)

    # Debian's rules_cc is newer than its Bazel, which has no
    # use_cpp_toolchain(). This is what that function returns.
    for name in ["cc_flags_supplier", "compiler_flag"]:
        path = "cc/private/rules_impl/%s.bzl" % name
        ctx.file(path, ctx.read(path)
            .replace(', "use_cpp_toolchain")', ")")
            .replace("use_cpp_toolchain()", '["@bazel_tools//tools/cpp:toolchain_type"]'))

patched_rules_cc = repository_rule(implementation = _patched_rules_cc_impl, local = True)

def _stub_coverage_tools_impl(ctx):
    ctx.file("BUILD.bazel", """
package(default_visibility = ["//visibility:public"])

sh_binary(name = "coverage_report_generator", srcs = ["none.sh"])

sh_binary(name = "lcov_merger", srcs = ["none.sh"])
""")
    ctx.file("none.sh", "#!/bin/sh\nexit 0\n")

# Every test names these tools, though only `bazel coverage` would run them.
stub_coverage_tools = repository_rule(implementation = _stub_coverage_tools_impl)
