#include "io/prometheus.h"

#include <gtest/gtest.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace warren::io {
namespace {

TEST(PrometheusTest, WritesWhatAServerReads) {
  PrometheusText text;
  text.Counter("x_total", "What.", 7);
  text.Gauge("y", "Who.", 0);
  text.Counters("z_total", "By result.", "result", {{"ok", 1}, {"refused", 2}});
  EXPECT_EQ(text.Take(),
            "# HELP x_total What.\n# TYPE x_total counter\nx_total 7\n"
            "# HELP y Who.\n# TYPE y gauge\ny 0\n"
            "# HELP z_total By result.\n# TYPE z_total counter\n"
            "z_total{result=\"ok\"} 1\nz_total{result=\"refused\"} 2\n");
}

TEST(PrometheusTest, ALabelCannotEndItsQuotes) {
  PrometheusText text;
  text.Row("x", "l", "a\"} 1\n\\", 3);
  EXPECT_EQ(text.Take(), "x{l=\"a\\\"} 1\\n\\\\\"} 3\n");
}

TEST(PrometheusTest, BucketsHoldTheSmallerOnesToo) {
  Histogram histogram;
  histogram.Add(absl::Milliseconds(-1));  // a clock that stepped
  histogram.Add(absl::Milliseconds(1));   // on a bound: in its bucket
  histogram.Add(absl::Milliseconds(300));
  histogram.Add(absl::Hours(1));
  PrometheusText text;
  text.Durations("t_seconds", "Time.", histogram.Read());
  const std::string out = text.Take();
  for (const char* line : {"\n# TYPE t_seconds histogram\n",
                           "\nt_seconds_bucket{le=\"0.0005\"} 1\n",
                           "\nt_seconds_bucket{le=\"0.001\"} 2\n",
                           "\nt_seconds_bucket{le=\"0.25\"} 2\n",
                           "\nt_seconds_bucket{le=\"0.5\"} 3\n",
                           "\nt_seconds_bucket{le=\"60\"} 3\n",
                           "\nt_seconds_bucket{le=\"+Inf\"} 4\n",
                           "\nt_seconds_sum 3600.3", "\nt_seconds_count 4\n"}) {
    EXPECT_NE(out.find(line), std::string::npos) << line << out;
  }
}

TEST(PrometheusTest, TellsOfTheProcess) {
  PrometheusText text;
  text.Process();
  const std::string out = text.Take();
  for (const char* name :
       {"process_cpu_seconds_total", "process_resident_memory_bytes",
        "process_open_fds", "process_start_time_seconds"}) {
    const size_t at = out.find(std::string("\n") + name + " ");
    ASSERT_NE(at, std::string::npos) << name << out;
    const std::vector<std::string> words = absl::StrSplit(
        out.substr(at + 1, out.find('\n', at + 1) - at - 1), ' ');
    double value = 0;
    ASSERT_TRUE(absl::SimpleAtod(words.back(), &value)) << out;
    EXPECT_GE(value, 0);
    // Since 2020; more than a megabyte.
    if (words[0] == "process_start_time_seconds") {
      EXPECT_GT(value, 1.5e9);
    }
    if (words[0] == "process_resident_memory_bytes") {
      EXPECT_GT(value, 1e6);
    }
  }
}

}  // namespace
}  // namespace warren::io
