// Preloaded by scenarios to set one process's clocks off: its wall clock, by
// WARREN_CLOCK_OFFSET seconds; or that and the one that counts sleep, by as
// many seconds as the file WARREN_ASLEEP_FILE says, as if this machine had
// slept.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static long TimeAsleep(void) {
  const char* name = getenv("WARREN_ASLEEP_FILE");
  FILE* file = name != NULL ? fopen(name, "re") : NULL;
  long seconds = 0;
  if (file == NULL) return 0;
  if (fscanf(file, "%ld", &seconds) != 1) seconds = 0;
  fclose(file);
  return seconds;
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  const int result = (int)syscall(SYS_clock_gettime, clock, now);
  const char* offset = getenv("WARREN_CLOCK_OFFSET");
  if (result != 0) return result;
  if (clock == CLOCK_REALTIME && offset != NULL) now->tv_sec += atol(offset);
  if (clock == CLOCK_REALTIME || clock == CLOCK_BOOTTIME) {
    now->tv_sec += TimeAsleep();
  }
  return result;
}

// The timers of this program are all absolute, on the clock that counts sleep.
int timerfd_settime(int fd, int flags, const struct itimerspec* at,
                    struct itimerspec* before) {
  struct itimerspec real = *at;
  if (flags & TFD_TIMER_ABSTIME) {
    real.it_value.tv_sec -= TimeAsleep();
    if (real.it_value.tv_sec < 0) real.it_value.tv_sec = 0;
    if (real.it_value.tv_sec == 0 && real.it_value.tv_nsec == 0) {
      real.it_value.tv_nsec = at->it_value.tv_nsec || at->it_value.tv_sec;
    }
  }
  return (int)syscall(SYS_timerfd_settime, fd, flags, &real, before);
}
