#include <algorithm>

#include "base/text.h"
#include "config/build.h"
#include "config/validate.h"
#include "sys/fs.h"

namespace hf::config {
namespace {

constexpr uint64_t file_bytes_max = 1 << 20;
constexpr size_t files_max = 1000;

// With its trailing slash; "" for the working directory.
std::string directory_of(const std::string& path) {
  return path.substr(0, path.rfind('/') + 1);
}

// The files that an `include` names, sorted. One without a wildcard is returned whether or not it is there.
Result<std::vector<std::string>> expand(Fs& fs, const std::string& base, const std::string& pattern) {
  if (directory_of(pattern).find_first_of("*?") != std::string::npos)
    return Error(Code::Invalid, "* and ? match only in the last part of a path");
  const std::string path = pattern.starts_with('/') ? pattern : base + pattern;
  const std::string directory = directory_of(path);
  const std::string last = path.substr(directory.size());
  if (last.find_first_of("*?") == std::string::npos) return std::vector{path};
  const std::unique_ptr<Directory> opened = HF_TRY(fs.open_directory(directory.empty() ? "." : directory));
  std::vector<std::string> paths;
  for (const DirectoryEntry& entry : HF_TRY(opened->entries())) {
    // As in a shell, what is hidden must be asked for: editors leave such files behind.
    const bool is_hidden = entry.name.starts_with('.') && !last.starts_with('.');
    if (!is_hidden && entry.type != FileType::Directory && matches_wildcards(last, entry.name))
      paths.push_back(directory + entry.name);
  }
  return paths;
}

class Loader {
 public:
  // Without `fs`, nothing can be included.
  Loader(Fs* fs, const Schemas& schemas) : fs_(fs), schemas_(schemas), table_(schemas) {}

  Result<Config> run(const std::string& name, std::string_view content) {
    Node root;
    if (!read(name, content, root)) return problems_.error();
    include(name, root);
    Defined defined;
    for (const Member& section : root.members)
      for (const Member& member : section.value.members) defined[section.key].push_back(member.key);
    validate(root, table_, defined, problems_);
    Config config = build(root, schemas_, table_, problems_);
    if (!problems_.is_empty()) return problems_.error();
    return config;
  }

 private:
  bool read(const std::string& name, std::string_view content, Node& root) {
    // Some editors begin a file with this mark of its encoding.
    if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
    const size_t text = problems_.add_text(name, std::string(content));
    root.place = {text, 0, 0};
    return read_yaml(content, text, problems_, root);
  }

  void include(const std::string& name, Node& root) {
    const Node* list = root.find("include");
    if (list == nullptr || list->kind != Node::Kind::List) return;
    const std::vector<Node> patterns = list->items;  // a copy: `root` grows
    std::vector<std::string> seen{name};
    for (const Node& pattern : patterns) {
      if (fs_ == nullptr) return problems_.add(pattern.place, "nothing can be included here");
      const Result<std::vector<std::string>> paths = expand(*fs_, directory_of(name), pattern.text);
      if (!paths.ok()) {
        problems_.add(pattern.place, "cannot be included: " + paths.error().message());
        continue;
      }
      for (const std::string& path : paths.value()) {
        if (std::ranges::find(seen, path) != seen.end()) continue;
        if (seen.size() == files_max) return problems_.add(pattern.place, "more than 1000 files");
        seen.push_back(path);
        include_file(path, pattern.place, root);
      }
    }
  }

  void include_file(const std::string& path, Place from, Node& root) {
    const Result<Bytes> bytes = read_whole_file(*fs_, path, file_bytes_max);
    if (!bytes.ok()) return problems_.add(from, "cannot be included: " + bytes.error().message());
    Node more;
    if (!read(path, as_text(bytes.value()), more) || more.kind == Node::Kind::Null) return;
    if (more.kind != Node::Kind::Map) return problems_.add(more.place, "the file takes a map of keys");
    for (Member& section : more.members) {
      const KeySpec* spec = table_.find(section.key);
      if (spec != nullptr && spec->main_only)
        problems_.add(section.place, "\"" + section.key + "\" stands in the main file only");
      else
        join(std::move(section), root);
    }
  }

  void join(Member section, Node& root) {
    const auto own = std::ranges::find(root.members, section.key, &Member::key);
    if (own == root.members.end()) return root.members.push_back(std::move(section));
    if (section.value.kind != Node::Kind::Map || own->value.kind != Node::Kind::Map) {
      const Node& wrong = own->value.kind == Node::Kind::Map ? section.value : own->value;
      return problems_.add(wrong.place, "\"" + section.key + "\" takes a map of names");
    }
    for (Member& member : section.value.members) {
      const auto first = std::ranges::find(own->value.members, member.key, &Member::key);
      if (first != own->value.members.end())
        problems_.add(member.place, "duplicate name \"" + member.key + "\": first at " + problems_.where(first->place));
      else
        own->value.members.push_back(std::move(member));
    }
  }

  Fs* fs_;
  const Schemas& schemas_;
  const Table table_;
  Problems problems_;
};

}  // namespace

Result<Config> load(Fs& fs, const std::string& path, const Schemas& schemas) {
  const Result<Bytes> bytes = read_whole_file(fs, path, file_bytes_max);
  if (!bytes.ok()) {
    Error error = bytes.error().clone().during("read the configuration");
    if (error.code() != Code::NotFound) return error;
    return std::move(error).with_hint("`holdfast config init` writes one");
  }
  return Loader(&fs, schemas).run(path, as_text(bytes.value()));
}

Result<Config> parse(std::string_view text, const std::string& name, const Schemas& schemas) {
  return Loader(nullptr, schemas).run(name, text);
}

}  // namespace hf::config
