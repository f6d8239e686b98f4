#include "client/io/intermission.h"

#include <sys/prctl.h>
#include <time.h>

namespace warren::client {
namespace {

constexpr size_t kMinSingles = 3;
constexpr long kNapNanoseconds = 20'000;
constexpr unsigned long kTimerSlackNanoseconds = 1'000;

}  // namespace

Intermission::Intermission() {
  prctl(PR_SET_TIMERSLACK, kTimerSlackNanoseconds);
}

void Intermission::AfterTurn() {
  if (singles_ >= kMinSingles && singles_ > supers_) {
    const timespec nap = {0, kNapNanoseconds};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, nullptr);
  }
  singles_ = supers_ = 0;
}

}  // namespace warren::client
