#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace hf::config {
namespace {

constexpr size_t yaml_bytes_max = 1 << 20;
// A bound of our own beside yaml-cpp's, because our functions recurse too.
constexpr size_t depth_max = 64;

// Thrown through yaml-cpp's parser, which knows no other way to be stopped; caught in read_yaml().
struct Stop {};

class Builder final : public YAML::EventHandler {
 public:
  Builder(size_t text, Problems& problems, Node& root) : text_(text), problems_(problems), root_(root) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "a configuration is one document: put further ones in files and `include` them");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { leaf(mark, Node::Kind::Null, "", false); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "aliases (*name) are not read here"); }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    refuse(mark, "anchors (&name) are not read here: policies can extend one another");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    check_tag(mark, tag);
    leaf(mark, Node::Kind::Scalar, value, tag == "!");
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    begin(mark, tag, Node::Kind::List);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    begin(mark, tag, Node::Kind::Map);
  }
  void OnMapEnd() override { end(); }

 private:
  struct Open {
    Node node;
    Member pending;  // a map's key that has no value yet
    bool has_key = false;
    std::map<std::string, Place, std::less<>> seen;
  };

  Place place_of(const YAML::Mark& mark) const {
    return {text_, static_cast<size_t>(std::max(mark.line, 0)), static_cast<size_t>(std::max(mark.column, 0))};
  }
  [[noreturn]] void refuse(const YAML::Mark& mark, std::string what) {
    problems_.add(place_of(mark), std::move(what));
    throw Stop();
  }
  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    // "?" is a plain value, "!" a quoted one.
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags (!name) are not read here");
  }
  bool is_key() const { return !open_.empty() && open_.back().node.kind == Node::Kind::Map && !open_.back().has_key; }

  void begin(const YAML::Mark& mark, const std::string& tag, Node::Kind kind) {
    check_tag(mark, tag);
    if (is_key()) refuse(mark, "a key is plain text");
    if (open_.size() >= depth_max) refuse(mark, "nested too deeply");
    open_.push_back({});
    open_.back().node.kind = kind;
    open_.back().node.place = place_of(mark);
  }
  void end() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    attach(std::move(node));
  }
  void leaf(const YAML::Mark& mark, Node::Kind kind, std::string value, bool quoted) {
    Node node;
    node.kind = kind;
    node.place = place_of(mark);
    node.text = std::move(value);
    node.quoted = quoted;
    if (!is_key()) return attach(std::move(node));
    if (kind != Node::Kind::Scalar) refuse(mark, "a key is plain text");
    if (node.text == "<<" && !quoted)
      refuse(mark, "merge keys (<<) are not read here: policies can extend one another");
    Open& map = open_.back();
    map.pending = {std::move(node.text), node.place, {}};
    map.has_key = true;
  }
  void attach(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == Node::Kind::List) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    // The mark of a value that is not there is wherever the next token happens to be.
    if (node.kind == Node::Kind::Null) node.place = parent.pending.place;
    parent.has_key = false;
    const auto [first, is_new] = parent.seen.emplace(parent.pending.key, parent.pending.place);
    if (!is_new) {
      problems_.add(parent.pending.place,
                    "duplicate key \"" + parent.pending.key + "\": first at " + problems_.where(first->second));
      return;
    }
    parent.pending.value = std::move(node);
    parent.node.members.push_back(std::move(parent.pending));
  }

  const size_t text_;
  Problems& problems_;
  Node& root_;
  std::vector<Open> open_;
  int documents_ = 0;
};

// The length of the UTF-8 character that `text` begins with; 0 if it is none, or one that no configuration needs:
// controls could make a terminal show something else than what is read.
size_t character_length(std::string_view text) {
  const auto byte = [&](size_t at) { return static_cast<uint32_t>(static_cast<unsigned char>(text[at])); };
  const uint32_t lead = byte(0);
  if (lead < 0x80) return (lead >= 0x20 && lead != 0x7F) || lead == '\t' || lead == '\n' || lead == '\r' ? 1 : 0;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  uint32_t point = lead & (0xFFU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    point = point << 6 | (byte(i) & 0x3F);
  }
  constexpr uint32_t smallest[] = {0, 0, 0xA0, 0x800, 0x10000};  // below 0xA0 are controls
  const bool is_surrogate = point >= 0xD800 && point < 0xE000;
  return point < smallest[length] || point > 0x10FFFF || is_surrogate ? 0 : length;
}

// yaml-cpp takes other encodings for granted; a place in them would not be a place in the file.
bool check_characters(std::string_view content, size_t text, Problems& problems) {
  Place place{text, 0, 0};
  while (!content.empty()) {
    const size_t length = character_length(content);
    if (length == 0) {
      problems.add(place, "not a character of UTF-8 text");
      return false;
    }
    place = content.front() == '\n' ? Place{text, place.line + 1, 0} : Place{text, place.line, place.column + length};
    content.remove_prefix(length);
  }
  return true;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Member& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

bool read_yaml(std::string_view content, size_t text, Problems& problems, Node& root) {
  if (content.size() > yaml_bytes_max) {
    problems.add({text, 0, 0}, "a configuration file is at most 1 MiB");
    return false;
  }
  if (!check_characters(content, text, problems)) return false;
  try {
    std::istringstream stream{std::string(content)};
    YAML::Parser parser(stream);
    Builder builder(text, problems, root);
    while (parser.HandleNextDocument(builder)) continue;
    return true;
  } catch (const Stop&) {
    return false;
  } catch (const YAML::Exception& error) {
    const bool has_mark = !error.mark.is_null();
    problems.add({text, static_cast<size_t>(has_mark ? error.mark.line : 0),
                  static_cast<size_t>(has_mark ? error.mark.column : 0)},
                 "not YAML: " + error.msg);
  } catch (const std::exception&) {
    problems.add({text, 0, 0}, "not YAML");
  }
  return false;
}

std::string to_line(const Node& node) {
  std::string line;
  const auto comma = [&] { line += line.size() > 1 ? ", " : ""; };
  switch (node.kind) {
    case Node::Kind::Null:
      return "~";
    case Node::Kind::Scalar:
      if (!node.quoted && node.text.find('\n') == std::string::npos) return node.text;
      line = "\"";
      for (const char c : node.text) {
        if (c == '"' || c == '\\') line += '\\';
        line += c == '\n' ? "\\n" : c == '\t' ? "\\t" : std::string(1, c);
      }
      return line + "\"";
    case Node::Kind::List:
      line = "[";
      for (const Node& item : node.items) {
        comma();
        line += to_line(item);
      }
      return line + "]";
    case Node::Kind::Map:
      line = "{";
      for (const Member& member : node.members) {
        comma();
        line += member.key + ": " + to_line(member.value);
      }
      return line + "}";
  }
  return line;
}

}  // namespace hf::config
