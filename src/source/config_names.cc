#include "source/config_names.h"

#include <strings.h>

#include <algorithm>

#include "base/text.h"
#include "source/json_names.h"
#include "source/new_entry.h"
#include "source/options.h"
#include "sys/env_file.h"

namespace hf {
namespace {

constexpr size_t output_bytes_max = 4 << 20;
constexpr size_t name_bytes_max = 255;  // of a file
constexpr std::string_view empty_text = "empty\n", present_text = "present\n", fingerprint_text = "fingerprint ";

struct ConfigSpec {
  std::vector<std::string> env_files;
  std::vector<std::string> flags, names_from;  // argument vectors
  std::map<std::string, std::string> environment;
  Duration timeout{};
};

// What a program writes, which may be secrets; wiped. It never grows, so that no copy is left behind.
class Output {
 public:
  Output() : bytes_(output_bytes_max) {}
  ~Output() { explicit_bzero(bytes_.data(), size_); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  Status add(BytesView more) {
    if (more.size() > bytes_.size() - size_) return Error(Code::Invalid, "it wrote more than 4 MiB");
    std::memcpy(bytes_.data() + size_, more.data(), more.size());
    size_ += more.size();
    return {};
  }
  std::string_view text() const { return as_text(BytesView(bytes_).first(size_)); }

 private:
  Bytes bytes_;
  size_t size_ = 0;
};

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

// As the name of a file: other bytes as %XX, and no name of dots alone.
std::string file_name_of(std::string_view name) {
  const bool is_dots = name.find_first_not_of('.') == name.npos;
  std::string out;
  for (const char c : name) {
    if (is_plain(c) && !is_dots) {
      out += c;
      continue;
    }
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

std::string name_of_file(std::string_view file) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'A' + 10; };
  std::string out;
  for (size_t i = 0; i < file.size(); ++i) {
    const bool is_escape = file[i] == '%' && i + 2 < file.size();
    out += is_escape ? static_cast<char>(digit(file[i + 1]) * 16 + digit(file[i + 2])) : file[i];
    if (is_escape) i += 2;
  }
  return out;
}

// A name as a secret manager lists it. What has a = or a space in it may be more than a name.
bool is_listed_name(std::string_view line) {
  const auto is_bad = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '=' || c == 0x7f; };
  return line.size() <= 200 && std::ranges::none_of(line, is_bad);
}

struct CanonicalOrder {
  bool operator()(const std::string& a, const std::string& b) const { return compare_paths(a, b) < 0; }
};

class ConfigSource final : public Source {
 public:
  ConfigSource(const SourceWorld& world, ConfigSpec spec) : world_(world), spec_(std::move(spec)) {}

  Status run(Sink& sink, Previous& previous, std::stop_token stop) override {
    Gathered gathered{sink, {}, {}};
    for (const std::string& file : spec_.env_files) HF_TRY(add_env_file(file, gathered, stop));
    if (!spec_.flags.empty()) HF_TRY(add_flags(gathered, stop));
    if (!spec_.names_from.empty()) HF_TRY(add_names(gathered, stop));
    return give(gathered, previous);
  }

 private:
  struct Gathered {
    Sink& sink;
    std::map<std::string, std::string, CanonicalOrder> files;  // the text of each, "" of a directory
    std::map<std::string, size_t> env_files;                   // how often a name of one was there
  };

  Status add(Gathered& gathered, const std::string& directory, std::string_view name, std::string text) {
    const std::string file = file_name_of(name);
    if (file.empty() || file.size() > name_bytes_max) {
      gathered.sink.problem(directory, "one name is empty or too long");
      return {};
    }
    for (size_t slash = directory.find('/'); slash != directory.npos; slash = directory.find('/', slash + 1))
      gathered.files[directory.substr(0, slash)] = "";
    gathered.files[directory] = "";
    gathered.files[directory + "/" + file] = std::move(text);  // of a name given twice the last value counts
    return {};
  }

  Status add_value(Gathered& gathered, const std::string& directory, std::string_view name, std::string_view value,
                   const std::stop_token& stop) {
    if (stop.stop_requested()) return Error(Code::Cancelled, "interrupted");
    if (value.empty()) return add(gathered, directory, name, std::string(empty_text));
    const Bytes fingerprint = HF_TRY(gathered.sink.fingerprint(directory + "/" + file_name_of(name), as_bytes(value)));
    return add(gathered, directory, name, std::string(fingerprint_text) + to_hex(fingerprint) + "\n");
  }

  Status add_env_file(const std::string& path, Gathered& gathered, const std::stop_token& stop) {
    const std::string name = file_name_of(path.substr(path.rfind('/') + 1));
    const size_t count = ++gathered.env_files[name];
    const std::string directory = "env/" + name + (count == 1 ? "" : "-" + std::to_string(count));
    gathered.files["env"] = gathered.files[directory] = "";
    return read_env_file(world_.fs, path, [&](std::string_view variable, std::string_view value) {
      return add_value(gathered, directory, variable, value, stop);
    });
  }

  Status run_program(const std::vector<std::string>& argv, Output& output, const std::stop_token& stop) {
    const ProcessSpec process{.argv = argv, .environment = spec_.environment};
    const Deadline deadline(world_.env.clock, spec_.timeout);
    const auto take = [&](BytesView bytes) { return output.add(bytes); };
    const ProcessEnd end = HF_TRY(world_.process.run(process, take, deadline, stop));
    if (end.status == 0) return {};
    return Error(Code::Failed, "program " + printable(argv[0]) + " exited with status " + std::to_string(end.status))
        .with_detail(end.stderr_text);
  }

  Status add_flags(Gathered& gathered, const std::stop_token& stop) {
    Output output;
    HF_TRY(run_program(spec_.flags, output, stop));
    const std::string_view text = output.text();
    const size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    const bool is_json = begin < text.size() && (text[begin] == '{' || text[begin] == '[');
    const auto visit = [&](std::string_view name, std::string_view value) {
      return add_value(gathered, "flags", name, value, stop);
    };
    gathered.files["flags"] = "";
    Status read = is_json ? visit_json_scalars(text, visit) : parse_env_text(text, visit);
    return std::move(read).during("read what " + printable(spec_.flags[0]) + " writes");
  }

  Status add_names(Gathered& gathered, const std::stop_token& stop) {
    Output output;
    HF_TRY(run_program(spec_.names_from, output, stop));
    gathered.files["names"] = "";
    size_t number = 0;
    for (std::string_view rest = output.text(); !rest.empty();) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      ++number;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty()) continue;
      if (!is_listed_name(line))
        return Error(Code::Invalid, "line " + std::to_string(number) + " of what " + printable(spec_.names_from[0]) +
                                        " writes is more than a name")
            .with_hint("let it write one name a line, and no values");
      HF_TRY(add(gathered, "names", line, std::string(present_text)));
    }
    return {};
  }

  Status give(const Gathered& gathered, Previous& previous) {
    HF_TRY(gathered.sink.entry(make_entry("", true)));
    size_t names = 0;
    for (const auto& [path, text] : gathered.files) {
      if (text.empty()) {
        HF_TRY(gathered.sink.entry(make_entry(path, true)));
        continue;
      }
      HF_TRY(previous.find(path));
      ++names;
      world_.env.meter.add(Stage::Read, text.size());
      Entry entry = make_entry(path, false);
      entry.info.size = text.size();
      HF_TRY(gathered.sink.file(std::move(entry), to_bytes(text)));
    }
    gathered.sink.fact("names", std::to_string(names));
    return {};
  }

  // Always the same but for its name, so that nothing but a change is a change.
  Entry make_entry(std::string path, bool is_directory) const {
    return is_directory ? new_entry(world_.fs, std::move(path), FileType::Directory, 0700)
                        : new_entry(world_.fs, std::move(path), FileType::File, 0600);
  }

  SourceWorld world_;
  const ConfigSpec spec_;
};

Result<ConfigSpec> parse_spec(const SourceOptions& options) {
  ConfigSpec spec{.env_files = list_option(options, "env_file"),
                  .flags = list_option(options, "flags"),
                  .names_from = list_option(options, "names_from")};
  if (spec.env_files.empty() && spec.flags.empty() && spec.names_from.empty())
    return Error(Code::Invalid, "none of the options env_file, flags and names_from is given")
        .with_hint("for example: env_file: .env");
  spec.environment = HF_TRY(environment_option(options, "environment"));
  spec.timeout = HF_TRY(span_option(options, "timeout", std::chrono::minutes(5)));
  return spec;
}

}  // namespace

std::optional<NamedValue> read_named_value(std::string_view path, std::string_view content) {
  const size_t slash = path.rfind('/');
  const bool is_listed = path.starts_with("env/") || path.starts_with("flags/") || path.starts_with("names/");
  if (!is_listed || (content != empty_text && content != present_text && !content.starts_with(fingerprint_text)))
    return std::nullopt;
  return NamedValue{name_of_file(path.substr(slash + 1)), content == empty_text};
}

SourceKind config_source_kind() {
  using Type = SourceOption::Type;
  SourceKind kind;
  kind.name = "config";
  kind.help = "names of a configuration's variables and secrets, with fingerprints that show a change; never a value";
  kind.options = {
      {"env_file", "a file of NAME=value lines, or several", Type::TextOrList},
      {"flags", "a program, with its arguments, that writes flags as JSON or as NAME=value lines", Type::TextList},
      {"names_from", "a program, with its arguments, that writes the names of a secret manager's entries, one a line",
       Type::TextList},
      {"environment", "NAME=value for these programs, which get no other but PATH", Type::TextList},
      {"timeout", "end a program, and fail, after this time (default 5 min)", Type::Span},
  };
  kind.parse = [](std::string_view text) -> Result<SourceOptions> {
    if (text.empty()) return Error(Code::Invalid, "config: without a file").with_hint("write config:/srv/app/.env");
    return SourceOptions{{"env_file", {std::string(text)}}};
  };
  kind.open = [](const SourceWorld& world, const std::string& name,
                 const SourceOptions& options) -> Result<std::unique_ptr<Source>> {
    return std::make_unique<ConfigSource>(world, HF_TRY(parse_spec(options).during("open source " + name)));
  };
  return kind;
}

}  // namespace hf
