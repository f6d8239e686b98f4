#ifndef WARREN_CORE_BASE_CHECK_H_
#define WARREN_CORE_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

// Ends the process when `condition` is false, in every build. For what only a
// bug of ours can break; never for what a peer, a file or a user can cause.
#define WARREN_CHECK(condition)                                       \
  do {                                                                \
    if (!(condition)) [[unlikely]] {                                  \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, \
                   __LINE__, #condition);                             \
      std::abort();                                                   \
    }                                                                 \
  } while (false)

#endif  // WARREN_CORE_BASE_CHECK_H_
