#include "io/prometheus.h"

#include <dirent.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace warren::io {
namespace {

// Backslash, quote and newline are what a label's value must not hold.
std::string Quoted(absl::string_view value) {
  return absl::StrCat(
      "\"",
      absl::StrReplaceAll(value,
                          {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}),
      "\"");
}

// proc(5), /proc/PID/stat, from its third field on: the second, a name in
// parentheses, may hold anything.
std::vector<uint64_t> StatOfThisProcess() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  std::vector<uint64_t> fields;
  std::string state;
  rest >> state;
  for (int64_t value = 0; rest >> value;) {
    fields.push_back(static_cast<uint64_t>(value));
  }
  return fields;
}

// When this machine was booted, in Unix seconds; 0 where nobody says.
uint64_t BootTime() {
  std::ifstream file("/proc/stat");
  std::string word;
  uint64_t seconds = 0;
  while (file >> word) {
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

uint64_t NumOpenFiles() {
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  uint64_t n = 0;
  while (readdir(folder) != nullptr) ++n;
  closedir(folder);
  return n > 3 ? n - 3 : 0;  // not ".", "..", nor the folder itself
}

}  // namespace

void PrometheusText::Head(absl::string_view name, absl::string_view help,
                          absl::string_view type) {
  absl::StrAppend(&text_, "# HELP ", name, " ", help, "\n# TYPE ", name, " ",
                  type, "\n");
}

void PrometheusText::Row(absl::string_view name, absl::string_view label,
                         absl::string_view label_value, uint64_t value) {
  absl::StrAppend(&text_, name, "{", label, "=", Quoted(label_value), "} ",
                  value, "\n");
}

void PrometheusText::Counter(absl::string_view name, absl::string_view help,
                             uint64_t value) {
  Head(name, help, "counter");
  absl::StrAppend(&text_, name, " ", value, "\n");
}

void PrometheusText::Gauge(absl::string_view name, absl::string_view help,
                           uint64_t value) {
  Head(name, help, "gauge");
  absl::StrAppend(&text_, name, " ", value, "\n");
}

void PrometheusText::Counters(absl::string_view name, absl::string_view help,
                              absl::string_view label,
                              std::initializer_list<Label> values) {
  Head(name, help, "counter");
  for (const auto& [value_of_label, value] : values) {
    Row(name, label, value_of_label, value);
  }
}

void PrometheusText::Durations(absl::string_view name, absl::string_view help,
                               const Histogram::Reading& reading) {
  Head(name, help, "histogram");
  uint64_t count = 0;
  for (size_t i = 0; i < reading.buckets.size(); ++i) {
    count += reading.buckets[i];
    const bool bounded = i < Histogram::kBounds.size();
    absl::StrAppend(&text_, name, "_bucket{le=\"");
    if (bounded) {
      absl::StrAppend(&text_, Histogram::kBounds[i]);
    } else {
      absl::StrAppend(&text_, "+Inf");
    }
    absl::StrAppend(&text_, "\"} ", count, "\n");
  }
  absl::StrAppend(&text_, name, "_sum ", reading.sum_seconds, "\n", name,
                  "_count ", count, "\n");
}

void PrometheusText::Process() {
  // Where each is, counted from the fourth field of proc(5).
  constexpr size_t kUserTicks = 10, kSystemTicks = 11, kStartTicks = 18,
                   kResidentPages = 20;
  const std::vector<uint64_t> stat = StatOfThisProcess();
  if (stat.size() <= kResidentPages) return;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const double busy =
      static_cast<double>(stat[kUserTicks] + stat[kSystemTicks]) / ticks;
  Head("process_cpu_seconds_total", "Processor time used, in seconds.",
       "counter");
  absl::StrAppend(&text_, "process_cpu_seconds_total ", busy, "\n");
  Gauge("process_resident_memory_bytes", "Resident memory, in bytes.",
        stat[kResidentPages] * page);
  Gauge("process_open_fds", "Open file descriptors.", NumOpenFiles());
  Gauge("process_start_time_seconds", "Start of the process, in Unix seconds.",
        BootTime() + static_cast<uint64_t>(
                         static_cast<double>(stat[kStartTicks]) / ticks));
}

}  // namespace warren::io
