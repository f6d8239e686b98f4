// Plays scenarios and tells of those that fail; see `./dev sim --help`.
//
//   scenarios SEED [COUNT]        plays COUNT scenarios, from SEED on
//   scenarios --trace SEED        plays one, and prints all that happens

#include <cstdint>
#include <cstdio>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/sim/scenario.h"
#include "core/sim/scenario_play.h"

namespace {

using warren::sim::Draw;
using warren::sim::Outcome;
using warren::sim::Scenario;

void Print(const std::string& text) { std::fputs(text.c_str(), stdout); }

bool PlaySeed(uint64_t seed, bool trace) {
  const Scenario scenario = Draw(seed);
  const Outcome outcome = Play(scenario, trace);
  Print(outcome.trace);
  const bool failed = !outcome.failures.empty();
  if (failed || trace) Print(Describe(scenario));
  for (const std::string& failure : outcome.failures) {
    Print(absl::StrCat("  FAILED at ", failure, "\n"));
  }
  if (failed) Print(absl::StrCat("  again: ./dev sim --seed ", seed, "\n"));
  std::fflush(stdout);
  return !failed;
}

}  // namespace

int main(int argc, char** argv) {
  const bool trace = argc > 1 && absl::string_view(argv[1]) == "--trace";
  uint64_t seed = 0, count = 1, num_failed = 0;
  const int first = trace ? 2 : 1;
  if (argc <= first || !absl::SimpleAtoi(argv[first], &seed) ||
      (argc > first + 1 && !absl::SimpleAtoi(argv[first + 1], &count))) {
    std::fputs("usage: scenarios [--trace] SEED [COUNT]\n", stderr);
    return 2;
  }
  for (uint64_t i = 0; i < count; ++i) {
    if (!PlaySeed(seed + i, trace)) ++num_failed;
  }
  Print(absl::StrCat(count, " scenarios, ", num_failed, " failed\n"));
  return num_failed == 0 ? 0 : 1;
}
