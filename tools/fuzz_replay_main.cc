// The main of a fuzz target where libFuzzer is not wanted: replays each corpus
// file named on the command line, and a fixed set of mutations of each, so
// that every run of the tests does exactly the same.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Input = std::vector<uint8_t>;

constexpr uint32_t kSeed = 0x57617272;
constexpr int kMutationsPerInput = 200;

// The value of a hex digit, or -1.
int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The bytes of one line of a .hex file. `#` starts a comment; whatever else is
// no hex digit separates.
Input FromHexLine(std::string_view line) {
  Input bytes;
  int high = -1;
  for (const char c : line.substr(0, line.find('#'))) {
    const int digit = HexDigit(c);
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return bytes;
}

// The inputs in the file at `path`; exits if it cannot be read.
std::vector<Input> ReadInputs(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "cannot read the corpus file %s\n", path.c_str());
    std::exit(1);
  }
  std::vector<Input> inputs;
  if (std::string_view(path).ends_with(".hex")) {
    for (std::string line; std::getline(file, line);) {
      Input input = FromHexLine(line);
      if (!input.empty()) inputs.push_back(std::move(input));
    }
  } else {
    inputs.emplace_back(std::istreambuf_iterator<char>(file),
                        std::istreambuf_iterator<char>());
  }
  return inputs;
}

void Run(const Input& input) {
  // A copy of exactly its size, so that AddressSanitizer sees one byte over.
  const Input exact(input);
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

size_t Below(size_t bound, std::mt19937& rng) { return rng() % bound; }

// `input` changed in one way: a flipped bit, a byte from the edges of its
// range, a cut end, or the end of `other` in place of its own.
Input Mutate(Input input, const Input& other, std::mt19937& rng) {
  if (input.empty()) return other;
  const size_t at = Below(input.size(), rng);
  switch (Below(4, rng)) {
    case 0:
      input[at] = static_cast<uint8_t>(input[at] ^ 1u << Below(8, rng));
      break;
    case 1:
      input[at] = std::vector<uint8_t>{0x00, 0x7f, 0x80, 0xff}[Below(4, rng)];
      break;
    case 2:
      input.resize(at);
      break;
    default:
      input.resize(at);
      const size_t from = other.empty() ? 0 : Below(other.size(), rng);
      input.insert(input.end(), other.begin() + static_cast<ptrdiff_t>(from),
                   other.end());
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Input> corpus = {{}};
  for (int i = 1; i < argc; ++i) {
    for (Input& input : ReadInputs(argv[i])) corpus.push_back(std::move(input));
  }
  std::mt19937 rng(kSeed);
  for (const Input& input : corpus) {
    Run(input);
    Input mutant = input;
    for (int i = 0; i < kMutationsPerInput; ++i) {
      // Every fourth starts afresh, so that mutations pile up to four deep.
      if (i % 4 == 0) mutant = input;
      mutant =
          Mutate(std::move(mutant), corpus[Below(corpus.size(), rng)], rng);
      Run(mutant);
    }
  }
  std::printf("replayed %zu inputs, %d mutations of each\n", corpus.size(),
              kMutationsPerInput);
  return 0;
}
