#pragma once

#include "roomcast/log/batch.hpp"
#include "roomcast/log/store.hpp"
#include "roomcast/store/sqlite_store.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <future>
#include <initializer_list>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <stdlib.h>

namespace roomcast::test {

/// A new directory, which goes with this.
class directory {
 public:
  directory() {
    std::string name = (std::filesystem::temp_directory_path() / "roomcast-XXXXXX").native();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no directory");
    path_ = name;
  }
  directory(const directory&) = delete;
  directory& operator=(const directory&) = delete;
  ~directory() { remove_all(path_); }

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// A batch, message by message.
class batch_maker {
 public:
  using time_point = std::chrono::system_clock::time_point;

  explicit batch_maker(time_point time = std::chrono::system_clock::now())
      : batch_(std::make_shared<log::batch>(std::pmr::get_default_resource(), 0, 0, time)) {}

  batch_maker& add(std::uint64_t seq, std::string_view text, bool binary = false, std::uint64_t id = 1, std::string_view name = "ada") {
    auto& b = *batch_;
    auto& bytes = b.in(wire::encoding::text);
    b.speakers.push_back({.number = id + 1000,  // another one than the id, as of those who came back
                          .id = id,
                          .name = static_cast<std::uint32_t>(b.names.size()),
                          .name_size = static_cast<std::uint32_t>(name.size())});
    b.entries.push_back({.seq = static_cast<std::uint32_t>(seq),
                         .text = static_cast<std::uint32_t>(bytes.size()),
                         .text_size = static_cast<std::uint32_t>(text.size()),
                         .speaker = static_cast<std::uint32_t>(b.speakers.size() - 1),
                         .binary = binary});
    bytes += text;
    b.names += name;
    ++b.messages;
    return *this;
  }

  batch_maker& add_notice(std::uint64_t seq) {
    batch_->entries.push_back({.seq = static_cast<std::uint32_t>(seq), .notice = true});
    return *this;
  }

  operator std::shared_ptr<const log::batch>() const { return batch_; }

 private:
  std::shared_ptr<log::batch> batch_;
};

/// What a store logs.
class logged {
 public:
  store::log_function function() {
    return [this](log_level level, std::string_view line) {
      const std::lock_guard lock{mutex_};
      lines_.emplace_back(level, line);
    };
  }

  std::vector<std::pair<log_level, std::string>> lines() const {
    const std::lock_guard lock{mutex_};
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<log_level, std::string>> lines_;
};

inline std::future<error_code> append(log::store& s, std::string_view room, std::shared_ptr<const log::batch> b) {
  auto done = std::make_shared<std::promise<error_code>>();
  s.append(room, std::move(b), [done](error_code ec) { done->set_value(ec); });
  return done->get_future();
}

/// Appends `b` and waits for it.
inline error_code put(log::store& s, std::string_view room, std::shared_ptr<const log::batch> b) {
  return append(s, room, std::move(b)).get();
}

/// The messages `first` to `last`, each in a batch, and waits for them.
inline error_code put(log::store& s, std::string_view room, std::uint64_t first, std::uint64_t last,
                      batch_maker::time_point time = std::chrono::system_clock::now()) {
  std::vector<std::future<error_code>> all;
  for (auto seq = first; seq <= last; ++seq) all.push_back(append(s, room, batch_maker{time}.add(seq, "text " + std::to_string(seq))));
  error_code result;
  for (auto& each : all)
    if (const auto ec = each.get()) result = ec;
  return result;
}

struct answer {
  error_code ec;
  std::vector<log::record> records;
  bool complete = false, whole = false;

  std::vector<std::uint64_t> seqs() const {
    std::vector<std::uint64_t> all;
    for (const auto& r : records) all.push_back(r.seq);
    return all;
  }
};

inline answer get(log::store& s, std::string_view room, const log::store::range& r) {
  auto found = std::make_shared<std::promise<answer>>();
  s.read(room, r, [found](error_code ec, log::store::excerpt e) {
    found->set_value({ec, std::move(e.records), e.complete, e.whole});
  });
  return found->get_future().get();
}

inline constexpr log::store::range everything{.limit = SIZE_MAX, .max_bytes = SIZE_MAX};

inline std::vector<std::uint64_t> seqs(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> all;
  for (; first <= last; ++first) all.push_back(first);
  return all;
}

/// Holds the store's thread, so that what comes meanwhile waits, for as long as this lives.
class held {
 public:
  explicit held(log::store& s) {
    s.read("", {}, [both = both_](error_code, const log::store::excerpt&) {
      both->is_held.set_value();
      both->is_let_go.get_future().wait();
    });
    both_->is_held.get_future().wait();
  }
  held(const held&) = delete;
  held& operator=(const held&) = delete;
  ~held() { both_->is_let_go.set_value(); }

 private:
  struct promises {
    std::promise<void> is_held, is_let_go;
  };

  std::shared_ptr<promises> both_ = std::make_shared<promises>();
};

}  // namespace roomcast::test
