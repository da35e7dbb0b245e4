#pragma once

#include "engine/base/error.hpp"

#include <cassert>
#include <optional>
#include <utility>
#include <variant>

namespace varve {

/// A value or the error that explains why there is none. Never both, never neither.
template <class T>
class [[nodiscard]] result {
public:
  using value_type = T;
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(varve::error failed) : state_(std::in_place_index<1>, std::move(failed)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// Requires ok().
  T& value() & { return *checked(); }
  const T& value() const& { return *const_cast<result*>(this)->checked(); }
  T value() && { return std::move(*checked()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return checked(); }
  const T* operator->() const { return const_cast<result*>(this)->checked(); }

  /// Requires !ok().
  const varve::error& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  errc code() const { return ok() ? errc::ok : error().code; }

private:
  T* checked() {
    assert(ok());
    return std::get_if<0>(&state_);
  }
  std::variant<T, varve::error> state_;
};

/// Success, or the error that explains the failure.
template <>
class [[nodiscard]] result<void> {
public:
  result() = default;
  result(varve::error failed) : failed_(std::move(failed)) {}

  bool ok() const { return !failed_; }
  explicit operator bool() const { return ok(); }
  /// Requires !ok().
  const varve::error& error() const {
    assert(!ok());
    return *failed_;
  }
  errc code() const { return ok() ? errc::ok : failed_->code; }

private:
  std::optional<varve::error> failed_;
};

using status = result<void>;

/// A failed result in one line: return fail(errc::fenced, "…", "…").
inline error fail(errc code, std::string message, std::string hint = {}) {
  return error{code, std::move(message), std::move(hint), 0};
}

#define VARVE_CONCAT_(a, b) a##b
#define VARVE_CONCAT(a, b) VARVE_CONCAT_(a, b)

/// Returns the error to the caller, or goes on.
#define VARVE_TRY(expression)                                                                                \
  do {                                                                                                       \
    auto&& varve_try_result = (expression);                                                                  \
    if (!varve_try_result.ok()) return varve_try_result.error();                                             \
  } while (false)

/// VARVE_TRY_ASSIGN(auto bytes, read(name)): declares or assigns the value, or returns the error.
#define VARVE_TRY_ASSIGN(target, expression)                                                                 \
  auto VARVE_CONCAT(varve_try_, __LINE__) = (expression);                                                    \
  if (!VARVE_CONCAT(varve_try_, __LINE__).ok()) return VARVE_CONCAT(varve_try_, __LINE__).error();           \
  target = std::move(VARVE_CONCAT(varve_try_, __LINE__)).value()

} // namespace varve
