// Preloaded by the clock_off scenario: the wall clock of one process, and
// nothing else of its time, is WARREN_CLOCK_OFFSET seconds off.
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec* now) {
  const int result = (int)syscall(SYS_clock_gettime, clock, now);
  const char* offset = getenv("WARREN_CLOCK_OFFSET");
  if (result == 0 && clock == CLOCK_REALTIME && offset != NULL) {
    now->tv_sec += atol(offset);
  }
  return result;
}
