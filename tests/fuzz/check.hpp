#pragma once

#include <cstdio>
#include <cstdlib>

namespace roomcast::fuzz {

/// Ends the run, so that the fuzzer keeps the input, where `holds` is false; `what` should have been true.
inline void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

}  // namespace roomcast::fuzz
