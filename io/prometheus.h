#ifndef WARREN_IO_PROMETHEUS_H_
#define WARREN_IO_PROMETHEUS_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "io/histogram.h"

namespace warren::io {

// Writes metrics in the text format of Prometheus, version 0.0.4. Names are
// the caller's to get right: a prefix of the program, the unit in full and in
// base units, counters end in "_total".
class PrometheusText {
 public:
  using Label = std::pair<absl::string_view, uint64_t>;

  void Counter(absl::string_view name, absl::string_view help, uint64_t value);
  void Gauge(absl::string_view name, absl::string_view help, uint64_t value);
  // A counter for each value of one label.
  void Counters(absl::string_view name, absl::string_view help,
                absl::string_view label, std::initializer_list<Label> values);
  // The same for rows that are not known beforehand: Head(), then Row()s.
  void Head(absl::string_view name, absl::string_view help,
            absl::string_view type);
  void Row(absl::string_view name, absl::string_view label,
           absl::string_view label_value, uint64_t value);
  // Of durations; `name` ends in "_seconds".
  void Durations(absl::string_view name, absl::string_view help,
                 const Histogram::Reading& reading);
  // What Prometheus' own clients tell of every process: memory, processor,
  // start, descriptors. Reads /proc.
  void Process();

  // The Content-Type to answer with.
  static constexpr char kContentType[] = "text/plain; version=0.0.4";
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace warren::io

#endif  // WARREN_IO_PROMETHEUS_H_
