"""Protocol buffers and gRPC by Debian's own compilers."""

def warren_proto_library(name, srcs, deps = [], grpc = False, visibility = None):
    """A cc_library of the generated code of `srcs`.

    A file `warren/v1/x.proto` of this package is imported by that path, and
    included as "warren/v1/x.pb.h" (and "warren/v1/x.grpc.pb.h" with `grpc`).

    Args:
      name: of the library.
      srcs: .proto files, relative to this package.
      deps: other warren_proto_library of this package that `srcs` import.
      grpc: whether to generate services too.
      visibility: of the library.
    """
    kinds = [".pb"] + ([".grpc.pb"] if grpc else [])
    stems = [src[:-len(".proto")] for src in srcs]
    headers = [stem + kind + ".h" for stem in stems for kind in kinds]
    sources = [stem + kind + ".cc" for stem in stems for kind in kinds]

    native.filegroup(
        name = name + "_protos",
        srcs = srcs + [dep + "_protos" for dep in deps],
    )
    native.genrule(
        name = name + "_generate",
        srcs = srcs + [dep + "_protos" for dep in deps],
        outs = headers + sources,
        cmd = " ".join([
            "/usr/bin/protoc",
            "--proto_path=" + native.package_name(),
            "--cpp_out=$(RULEDIR)",
        ] + ([
            "--plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin",
            "--grpc_out=$(RULEDIR)",
        ] if grpc else []) + ["$(location %s)" % src for src in srcs]),
    )
    native.cc_library(
        name = name,
        srcs = sources,
        hdrs = headers,
        # Generated code does not meet our warnings; `includes` makes its
        # headers system headers for those that include them.
        copts = ["-w"],
        includes = ["."],
        visibility = visibility,
        # A file of services alone is found by reflection, not by name.
        alwayslink = grpc,
        deps = deps + ["@protobuf"] + (["@grpc//:grpc++_unsecure"] if grpc else []),
    )
