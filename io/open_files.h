#ifndef WARREN_IO_OPEN_FILES_H_
#define WARREN_IO_OPEN_FILES_H_

#include <cstddef>

namespace warren::io {

// Lets this process open as many descriptors as it may without more rights
// (RLIMIT_NOFILE, soft up to hard). Returns how many that is.
size_t RaiseOpenFiles();

}  // namespace warren::io

#endif  // WARREN_IO_OPEN_FILES_H_
