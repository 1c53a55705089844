#include "source/json_names.h"

#include <strings.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace hf {
namespace {

constexpr size_t depth_max = 64;

using Json = nlohmann::json;

// Called by the parser as it reads: no tree of values is made.
class Scalars {
 public:
  explicit Scalars(const std::function<Status(std::string_view, std::string_view)>& visit) : visit_(visit) {}

  bool null() { return scalar("null"); }
  bool boolean(bool value) { return scalar(value ? "true" : "false"); }
  bool number_integer(Json::number_integer_t value) { return scalar(std::to_string(value)); }
  bool number_unsigned(Json::number_unsigned_t value) { return scalar(std::to_string(value)); }
  bool number_float(Json::number_float_t, const std::string& text) { return scalar(text); }
  // The parser's own buffer, which it uses again.
  bool string(std::string& value) {
    const bool goes_on = scalar(value);
    explicit_bzero(value.data(), value.size());
    return goes_on;
  }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(size_t) { return open(false); }
  bool end_object() { return close(); }
  bool start_array(size_t) { return open(true); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    levels_.back().name = name;
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) { return false; }

  Status status{};

 private:
  struct Level {
    bool is_list = false;
    size_t count = 0;
    std::string name;
  };

  bool open(bool is_list) {
    if (levels_.size() == depth_max) return false;
    levels_.push_back({is_list, 0, ""});
    return true;
  }
  bool close() {
    levels_.pop_back();
    count();
    return true;
  }
  void count() {
    if (!levels_.empty()) ++levels_.back().count;
  }
  bool scalar(std::string_view value) {
    std::string path;
    for (const Level& level : levels_)
      path += (path.empty() ? "" : ".") + (level.is_list ? std::to_string(level.count) : level.name);
    status = visit_(path, value);
    count();
    return status.ok();
  }

  const std::function<Status(std::string_view, std::string_view)>& visit_;
  std::vector<Level> levels_;
};

}  // namespace

Status visit_json_scalars(std::string_view json,
                          const std::function<Status(std::string_view path, std::string_view value)>& visit) {
  Scalars scalars(visit);
  bool is_whole = false;
  try {
    is_whole = Json::sax_parse(json, &scalars);
  } catch (const std::exception&) {
    is_whole = false;
  }
  HF_TRY(std::move(scalars.status));
  if (!is_whole) return Error(Code::Invalid, "it is not JSON, or nested too deep");
  return {};
}

}  // namespace hf
