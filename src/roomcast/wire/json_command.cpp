#include "roomcast/wire/json_protocol.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <array>
#include <utility>

// A command is collected while it is parsed: what is not asked for takes neither memory nor a look-up, however much there is.

namespace roomcast::wire::json {
namespace {

using boost::system::error_code;

constexpr std::size_t deepest = 8;

enum class kind { missing, string, natural, negative, boolean, other };

struct value {
  kind is = kind::missing;
  std::string text = {};
  std::uint64_t number = 0;
  bool flag = false;

  bool is_missing_or(kind wanted) const noexcept { return is == kind::missing || is == wanted; }
};

// The fields of a command, whatever its type. They are valid UTF-8: the parser sees to it, for escapes too.
struct fields {
  value type, text, ref, echo, before, limit;
  bool are_of_object = false;
  bool are_all = true;  // there is no other

  value* find(std::string_view key) noexcept {
    static constexpr std::array<std::pair<std::string_view, value fields::*>, 6> known{{{"type", &fields::type},
                                                                                       {"text", &fields::text},
                                                                                       {"ref", &fields::ref},
                                                                                       {"echo", &fields::echo},
                                                                                       {"before", &fields::before},
                                                                                       {"limit", &fields::limit}}};
    const auto* const found = std::find_if(known.begin(), known.end(), [key](auto& k) { return k.first == key; });
    return found == known.end() ? nullptr : &(this->*found->second);
  }
};

// A handler of `boost::json::basic_parser`. Of a key that comes twice the last value counts. Strings and keys may come in parts.
class collector {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  bool on_document_begin(error_code&) noexcept { return true; }
  bool on_document_end(error_code&) noexcept { return true; }

  bool on_object_begin(error_code&) {
    if (depth_ == 0) found_.are_of_object = true;
    return enter();
  }
  bool on_object_end(std::size_t, error_code&) noexcept { return leave(); }
  bool on_array_begin(error_code&) { return enter(); }
  bool on_array_end(std::size_t, error_code&) noexcept { return leave(); }

  bool on_key_part(std::string_view part, std::size_t, error_code&) {
    if (depth_ == 1) take(key_, part, longest_key);
    return true;
  }
  bool on_key(std::string_view part, std::size_t size, error_code& ec) {
    on_key_part(part, size, ec);
    field_ = found_.find(key_);
    if (depth_ == 1 && !field_) found_.are_all = false;
    key_.clear();
    return true;
  }

  bool on_string_part(std::string_view part, std::size_t size, error_code&) {
    if (!is_field()) return true;
    if (size == part.size()) *field_ = {.is = kind::string};
    take(field_->text, part, field_ == &found_.text ? max_string_size : longest_ref + 1);
    return true;
  }
  bool on_string(std::string_view part, std::size_t size, error_code& ec) { return on_string_part(part, size, ec); }

  bool on_number_part(std::string_view, error_code&) noexcept { return true; }
  bool on_int64(std::int64_t n, std::string_view, error_code&) {
    return n < 0 ? keep({.is = kind::negative}) : keep({.is = kind::natural, .number = static_cast<std::uint64_t>(n)});
  }
  bool on_uint64(std::uint64_t n, std::string_view, error_code&) { return keep({.is = kind::natural, .number = n}); }
  bool on_double(double, std::string_view, error_code&) { return keep({.is = kind::other}); }
  bool on_bool(bool b, error_code&) { return keep({.is = kind::boolean, .flag = b}); }
  bool on_null(error_code&) { return keep({.is = kind::other}); }

  bool on_comment_part(std::string_view, error_code&) noexcept { return true; }
  bool on_comment(std::string_view, error_code&) noexcept { return true; }

  fields& found() noexcept { return found_; }

 private:
  // A key that is longer than any that is known is kept that far, so that it is unknown; and is within what needs no memory.
  static constexpr std::size_t longest_key = 8;

  static void take(std::string& into, std::string_view part, std::size_t most) { into += part.substr(0, most - into.size()); }

  bool is_field() const noexcept { return depth_ == 1 && field_; }

  bool keep(value v) {
    if (is_field()) *field_ = std::move(v);
    return true;
  }

  bool enter() {
    keep({.is = kind::other});
    ++depth_;
    return true;
  }

  bool leave() noexcept {
    --depth_;
    return true;
  }

  fields found_;
  std::size_t depth_ = 0;
  std::string key_;
  value* field_ = nullptr;  // whose value comes next; null where nobody asks for it
};

bool is_ref(const value& v) noexcept { return v.is == kind::string && v.text.size() <= longest_ref; }

// What the fields ask for; `ref` is theirs.
command command_of(fields& f, const std::optional<std::string>& ref) {
  const auto refuse = [&](std::string_view code, std::string message) {
    return fault{.ref = ref, .code = code, .message = std::move(message)};
  };
  const auto refuse_field = [&](std::string message) { return refuse("bad_field", std::move(message)); };

  constexpr std::string_view types = R"("type" has to be "message", "members" or "history")";
  if (!f.type.is_missing_or(kind::string)) return refuse_field(std::string{types});
  const std::string& type = f.type.text;
  const bool is_message = type == "message", is_members = type == "members", is_history = type == "history";
  if (!is_message && !is_members && !is_history) return refuse("unknown_type", std::string{types});

  if (f.ref.is != kind::missing && !ref) return refuse_field(R"("ref" has to be a string of at most 64 bytes)");
  if (is_members) return members_request{.ref = ref};
  if (is_message) {
    if (f.text.is != kind::string) return refuse_field(R"("text" has to be there, and a string)");
    if (!f.echo.is_missing_or(kind::boolean)) return refuse_field(R"("echo" has to be true or false)");
    return say{.text = std::move(f.text.text), .ref = ref, .echo = f.echo.is == kind::missing || f.echo.flag};
  }
  history_request asked{.ref = ref};
  if (!f.before.is_missing_or(kind::natural)) return refuse_field(R"("before" has to be a whole number, and at least 0)");
  if (f.before.is == kind::natural) asked.before = f.before.number;
  if (!f.limit.is_missing_or(kind::natural) && f.limit.is != kind::negative) return refuse_field(R"("limit" has to be a whole number)");
  if (f.limit.is != kind::missing) asked.limit = std::clamp<std::uint64_t>(f.limit.number, 1, history_request::largest_limit);
  return asked;
}

fault no_json(std::string_view why) { return {.code = "bad_json", .message = "what is said has to be one JSON object: " + std::string{why}}; }

std::variant<fields, fault> collect(std::string_view json) {
  boost::json::parse_options options;
  options.max_depth = deepest;
  boost::json::basic_parser<collector> parser{options};
  error_code ec;
  const std::size_t used = parser.write_some(false, json.data(), json.size(), ec);
  if (ec == boost::json::error::too_deep) return no_json("it is nested too deep");
  if (ec) return no_json(ec.message());
  if (used != json.size()) return no_json("there is something after it");
  fields& found = parser.handler().found();
  if (!found.are_of_object) return no_json("it is something else");
  return std::move(found);
}

}  // namespace

command parse(std::string_view frame) {
  auto collected = collect(frame);
  if (auto* const f = std::get_if<fault>(&collected)) return std::move(*f);
  auto& found = std::get<fields>(collected);
  std::optional<std::string> ref;
  if (is_ref(found.ref)) ref = std::move(found.ref.text);
  return command_of(found, ref);
}

std::variant<std::string, fault> parse_publication(std::string_view body) {
  auto collected = collect(body);
  if (auto* const f = std::get_if<fault>(&collected)) return std::move(*f);
  auto& found = std::get<fields>(collected);
  const auto others = {&found.type, &found.ref, &found.echo, &found.before, &found.limit};
  const bool is_alone = found.are_all && std::all_of(others.begin(), others.end(), [](const value* v) { return v->is == kind::missing; });
  if (!is_alone || found.text.is != kind::string) return fault{.code = "bad_field", .message = R"("text" has to be there, a string, and alone)"};
  return std::move(found.text.text);
}

}  // namespace roomcast::wire::json
