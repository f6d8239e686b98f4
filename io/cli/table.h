#ifndef WARREN_IO_CLI_TABLE_H_
#define WARREN_IO_CLI_TABLE_H_

#include <string>
#include <utility>
#include <vector>

namespace warren::cli {

// Rows of text under headings, for people. Columns are as wide as their widest
// cell (in code points) and two spaces apart; no line ends in spaces. What
// could drive a terminal is replaced by '?'.
class Table {
 public:
  explicit Table(std::vector<std::string> headings);
  // As many cells as headings.
  void Add(std::vector<std::string> cells);
  bool empty() const { return rows_.size() == 1; }
  std::string ToString() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// "name:  value" lines with the values in one column.
class Card {
 public:
  // An empty value is shown as "-".
  void Add(const std::string& name, const std::string& value);
  std::string ToString() const;

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

}  // namespace warren::cli

#endif  // WARREN_IO_CLI_TABLE_H_
