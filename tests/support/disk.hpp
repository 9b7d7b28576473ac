#pragma once

#include <filesystem>

namespace roomcast::test {

/// Stands between SQLite and the files that it opens while this lives, which must be closed by then. One at a time.
class disk {
 public:
  /// What was synced of a file is copied to `synced`, where that is given: it is what a loss of power leaves.
  explicit disk(std::filesystem::path synced = {});
  disk(const disk&) = delete;
  disk& operator=(const disk&) = delete;
  ~disk();

  /// What SQLite is told from now on, instead of what happens; SQLITE_OK for that.
  void answer_writes(int code) noexcept;
  void answer_syncs(int code) noexcept;

  /// So many there were so far, whatever the answer.
  static unsigned writes() noexcept;
  static unsigned syncs() noexcept;
};

}  // namespace roomcast::test
