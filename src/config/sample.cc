// The commented sample: every key with what it means; those that a first configuration does not need are commented out.
#include <fmt/format.h>

#include <utility>

#include "config/table.h"

namespace hf::config {
namespace {

constexpr size_t columns_max = 100;

class Sample {
 public:
  explicit Sample(const Schemas& schemas) : table_(schemas) {}

  std::string write() && {
    const KeySpec& top = *table_.find("");
    comment(top.doc, {});
    comment("Keys that are commented out show what holds without them, or an alternative.", {});
    section(top, {});
    return std::move(text_);
  }

 private:
  // What every line of a part begins with: its indent, and the sign where all of it is commented out.
  struct Margin {
    std::string text;
    bool is_comment = false;
    Margin deeper() const { return {text + "  ", is_comment}; }
    Margin commented() const { return is_comment ? *this : Margin{text + "# ", true}; }
  };

  void line(const std::string& content, const Margin& margin) { text_ += margin.text + content + "\n"; }

  void comment(const std::string& doc, const Margin& margin) {
    std::string rest = doc;
    while (!rest.empty()) {
      const size_t room = columns_max - margin.text.size() - 2;
      size_t end = rest.size();
      if (end > room) end = rest.rfind(' ', room);
      // A word longer than the line stays whole.
      if (end == std::string::npos) end = std::min(rest.find(' '), rest.size());
      line("# " + rest.substr(0, end), margin);
      rest.erase(0, std::min(end + 1, rest.size()));
    }
  }

  void section(const KeySpec& spec, const Margin& margin) {
    for (const KeySpec* row : table_.below(spec)) entry(*row, margin);
  }

  void entry(const KeySpec& row, const Margin& margin) {
    if (margin.text.empty()) text_ += "\n";
    comment(row.doc, margin);
    const std::string key(key_of(row));
    if (row.shape == Shape::Names) {
      const Margin own = is_needed(row) ? margin : margin.commented();
      line(key + ":", own);
      return names(row, own.deeper());
    }
    const Margin own = row.sample.empty() ? margin.commented() : margin;
    if (row.shape == Shape::List) {
      line(key + ":", own);
      return items(row, own.deeper());
    }
    if (row.shape != Shape::Section) {
      line(fmt::format("{}: {}", key, value(row)), own);
      if (row.or_section) alternatives(row, margin.commented());
      return;
    }
    line(key + ":", own);
    section(row, own.deeper());
  }

  void names(const KeySpec& parent, const Margin& margin) {
    const KeySpec& each = *table_.find(parent.path + ".*");
    if (each.shape != Shape::Kinded) return named(each, margin);
    for (const KeySpec* kind : table_.below(each)) named(*kind, margin);
  }

  void named(const KeySpec& each, const Margin& margin) {
    comment(each.doc, margin);
    line(each.sample + ":", margin);
    each.shape == Shape::List ? items(each, margin.deeper()) : section(each, margin.deeper());
  }

  // One of each kind, or one.
  void items(const KeySpec& list, const Margin& margin) {
    const KeySpec& each = *table_.find(list.path + ".#");
    comment(each.doc, margin);
    if (each.shape != Shape::Keyed) return item(each, margin);
    for (const KeySpec* kind : table_.below(each)) {
      comment(kind->doc, margin);
      item(*kind, margin);
    }
  }

  // The first key stands behind the dash, which the others are indented like.
  void item(const KeySpec& each, const Margin& margin) {
    bool is_first = true;
    for (const KeySpec* row : table_.below(each)) {
      if (!std::exchange(is_first, false)) {
        entry(*row, margin.deeper());
        continue;
      }
      comment(row->doc, margin);
      line(fmt::format("- {}: {}", key_of(*row), value(*row)), margin);
      if (row->or_section) alternatives(*row, margin.deeper().commented());
    }
  }

  // The keys of the map that a value can be instead.
  void alternatives(const KeySpec& row, const Margin& margin) {
    line("or:", margin);
    line(fmt::format("{}:", key_of(row)), margin);
    section(row, margin.deeper());
  }

  // What nothing else is there without is commented out as a whole.
  bool is_needed(const KeySpec& names) const { return names.path != "environments" && names.path != "checks"; }

  std::string value(const KeySpec& row) const {
    if (row.sample == "*") return all_of(row.refers);
    if (!row.sample.empty()) return row.sample;
    if (!row.choices.empty()) return row.choices.front();
    switch (row.shape) {
      case Shape::TextList:
        return "[…]";
      case Shape::Flag:
        return row.fallback.empty() ? "false" : row.fallback;
      case Shape::Count:
        return "0";
      case Shape::Span:
        return "30d";
      case Shape::Size:
        return "64KiB";
      case Shape::SecretUse:
        return "$NAME";
      case Shape::Map:
        return "{NAME: …}";
      default:
        return row.refers.empty() && row.path.find("env") == std::string::npos ? "…" : "NAME";
    }
  }

  // The names that this sample gives in a section.
  std::string all_of(const std::string& names_of) const {
    std::string list;
    for (const KeySpec* kind : table_.below(*table_.find(names_of + ".*")))
      list += (list.empty() ? "" : ", ") + kind->sample;
    return "[" + list + "]";
  }

  const Table table_;
  std::string text_;
};

}  // namespace

std::string sample_yaml(const Schemas& schemas) {
  return Sample(schemas).write();
}

}  // namespace hf::config
