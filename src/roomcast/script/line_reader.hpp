#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace roomcast::script {

/// What is wrong, thrown by the reader: `column` is from 1 on.
struct syntax_error {
  std::size_t column;
  std::string what;
};

/// One line of a script, read from left to right, word by word; each call passes over the blanks, and the comment, that follow.
/// Throws `syntax_error` where what is asked for is not there; `expected` are the words that say so.
class line_reader {
 public:
  explicit line_reader(std::string_view line) : line_(line) { skip_blanks(); }

  bool at_end() const { return at_ == line_.size(); }
  bool next_is(char c) const { return !at_end() && line_[at_] == c; }
  bool next_is_digit() const { return !at_end() && line_[at_] >= '0' && line_[at_] <= '9'; }

  /// The next word, up to a blank.
  std::string_view word(std::string_view expected);

  /// Passes over the next word where it is `w`, and tells whether.
  bool accept(std::string_view w);

  void expect(std::string_view w);

  /// A text in double quotes, with its escapes resolved.
  std::string quoted();

  /// A JSON object, to the brace that ends it.
  std::string object();

  /// What stands between two slashes.
  std::string regex();

  unsigned number(std::string_view expected, unsigned least, unsigned most);
  std::chrono::milliseconds duration();

  /// Says what should stand where the word that was read last begins; with `here` before it, where the next one does.
  [[noreturn]] void fail(std::string_view expected) const { fail_because("expected " + std::string{expected} + found()); }
  [[noreturn]] void fail_because(std::string what) const { throw syntax_error{begin_ + 1, std::move(what)}; }
  void here() { begin_ = at_; }

 private:
  void skip_blanks();
  void end_of_word();
  std::string found() const;
  std::string escape();

  std::string_view line_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  // of the last word
};

}  // namespace roomcast::script
