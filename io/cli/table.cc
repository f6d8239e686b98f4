#include "io/cli/table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "io/cli/command.h"

namespace warren::cli {
namespace {

constexpr size_t kGap = 2;

// Code points of UTF-8 text: all bytes but continuations.
size_t WidthOf(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

Table::Table(std::vector<std::string> headings) {
  rows_.push_back(std::move(headings));
}

void Table::Add(std::vector<std::string> cells) {
  WARREN_CHECK(cells.size() == rows_[0].size());
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::ToString() const {
  std::vector<size_t> widths(rows_[0].size());
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], WidthOf(row[i]));
    }
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, row[i],
                      std::string(widths[i] + kGap - WidthOf(row[i]), ' '));
    }
    absl::StripTrailingAsciiWhitespace(&line);
    absl::StrAppend(&out, line, "\n");
  }
  return out;
}

void Card::Add(const std::string& name, const std::string& value) {
  lines_.emplace_back(name, value.empty() ? "-" : Printable(value));
}

std::string Card::ToString() const {
  size_t width = 0;
  for (const auto& [name, value] : lines_) width = std::max(width, name.size());
  std::string out;
  for (const auto& [name, value] : lines_) {
    absl::StrAppend(&out, name, ":",
                    std::string(width + kGap - name.size(), ' '), value, "\n");
  }
  return out;
}

}  // namespace warren::cli
