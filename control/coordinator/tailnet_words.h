#ifndef WARREN_CONTROL_COORDINATOR_TAILNET_WORDS_H_
#define WARREN_CONTROL_COORDINATOR_TAILNET_WORDS_H_

#include <span>

namespace warren::control {

// The words that make the name of a new tailnet, lower-case letters alone:
// "quiet" and "otter". At least 300 of each.
std::span<const char* const> FirstWords();
std::span<const char* const> SecondWords();

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_TAILNET_WORDS_H_
