#ifndef WARREN_CORE_BASE_OVERLOADED_H_
#define WARREN_CORE_BASE_OVERLOADED_H_

namespace warren {

// Joins lambdas into one visitor: std::visit(Overloaded{...}, variant).
template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace warren

#endif  // WARREN_CORE_BASE_OVERLOADED_H_
