#include "source/command.h"

#include "base/text.h"
#include "source/argv.h"
#include "source/new_entry.h"
#include "source/options.h"

namespace hf {
namespace {

struct CommandSpec {
  ProcessSpec process;
  std::string file_name;
  uint64_t size_min = 1, size_max = UINT64_MAX;
  Duration timeout{};
};

class CommandSource final : public Source {
 public:
  CommandSource(const SourceWorld& world, CommandSpec spec) : world_(world), spec_(std::move(spec)) {}

  std::vector<SourceFinding> examine(std::stop_token) override {
    return {finding_of("program", find_program(), name() + " is there",
                       "install it, give its whole path, or give the source an environment with another PATH")};
  }

  Status run(Sink& sink, Previous& previous, std::stop_token stop) override {
    HF_TRY(sink.entry(make_entry("", FileType::Directory, 0700)));
    HF_TRY(previous.find(spec_.file_name));  // the output that this one is compared with
    HF_TRY(sink.begin(spec_.file_name, {CutHint::Kind::Stream}));
    uint64_t size = 0;
    const auto give = [&](BytesView bytes) -> Status {
      size += bytes.size();
      world_.env.meter.add(Stage::Read, bytes.size());
      if (size > spec_.size_max) return out_of_bounds("more than", spec_.size_max, "size_max");
      return sink.data(to_bytes(bytes));
    };
    const Deadline deadline(world_.env.clock, spec_.timeout);
    const ProcessEnd end = HF_TRY(world_.process.run(spec_.process, give, deadline, stop));
    if (end.status != 0) {
      return Error(Code::Failed, "command " + name() + " exited with status " + std::to_string(end.status))
          .with_detail(end.stderr_text);
    }
    if (size < spec_.size_min)
      return out_of_bounds("less than", spec_.size_min, "size_min").with_detail(end.stderr_text);
    Entry entry = make_entry(spec_.file_name, FileType::File, 0600);
    entry.info.size = size;
    return sink.end(std::move(entry));
  }

 private:
  const std::string& name() const { return spec_.process.argv[0]; }

  // As exec would find it.
  Status find_program() const {
    if (name().find('/') != std::string::npos) return is_program(name());
    const std::string& path = spec_.process.environment.at("PATH");
    for (size_t at = 0; at <= path.size();) {
      const size_t end = std::min(path.find(':', at), path.size());
      if (is_program(path.substr(at, end - at) + "/" + name()).ok()) return {};
      at = end + 1;
    }
    return Error(Code::NotFound, "there is no program " + printable(name()));
  }

  Status is_program(const std::string& path) const {
    const size_t slash = path.rfind('/');
    const auto directory = HF_TRY(world_.fs.open_directory(path.substr(0, slash + 1) + "."));
    FileInfo info = HF_TRY(directory->info(path.substr(slash + 1)));
    if (info.type == FileType::Directory || (info.type == FileType::File && (info.mode & 0111) == 0))
      return Error(Code::Denied, printable(path) + " is not a program");
    return {};
  }

  Error out_of_bounds(std::string_view how, uint64_t bound, const std::string& option) const {
    return Error(Code::Failed,
                 "command " + name() + " wrote " + std::string(how) + " " + format_count(bound, "byte", "bytes"))
        .with_hint("if that is right, change " + option + " of the source");
  }

  Entry make_entry(std::string path, FileType type, uint32_t mode) const {
    return new_entry(world_.fs, std::move(path), type, mode, world_.env.clock.wall());
  }

  SourceWorld world_;
  const CommandSpec spec_;
};

Result<CommandSpec> parse_spec(const SourceOptions& options) {
  CommandSpec spec;
  spec.process.argv = list_option(options, "run");
  if (spec.process.argv.empty() || spec.process.argv[0].empty())
    return Error(Code::Invalid, "option run is missing").with_hint("give the command and its arguments as a list");
  spec.process.environment = HF_TRY(environment_option(options, "environment"));
  spec.file_name = text_option_or(options, "file_name", "output");
  if (spec.file_name.find('/') != spec.file_name.npos || !is_valid_path(spec.file_name))
    return Error(Code::Invalid, "option file_name is not the name of a file");
  spec.size_min = HF_TRY(number_option(options, "size_min")).value_or(1);
  spec.size_max = HF_TRY(number_option(options, "size_max")).value_or(UINT64_MAX);
  spec.timeout = HF_TRY(span_option(options, "timeout", std::chrono::hours(1)));
  if (spec.size_max < spec.size_min) return Error(Code::Invalid, "option size_max is less than size_min");
  return spec;
}

}  // namespace

SourceKind command_source_kind() {
  using Type = SourceOption::Type;
  SourceKind kind;
  kind.name = "command";
  kind.help = "the standard output of a program";
  kind.options = {
      {"run", "the program and its arguments; there is no shell", Type::TextList, true},
      {"size_min", "fail if it writes less (default 1 byte: an empty output is a failure)", Type::Size},
      {"size_max", "fail if it writes more", Type::Size},
      {"timeout", "end it, and fail, after this time (default 1 h)", Type::Span},
      {"environment", "NAME=value for the program, which gets no other but PATH", Type::TextList},
      {"file_name", "name of the file its output becomes (default `output`)", Type::Text},
  };
  kind.parse = [](std::string_view text) -> Result<SourceOptions> {
    std::vector<std::string> argv = HF_TRY(split_argv(text));
    if (argv.empty())
      return Error(Code::Invalid, "command: without a command").with_hint("write 'command:pg_dump shop'");
    return SourceOptions{{"run", std::move(argv)}};
  };
  kind.open = [](const SourceWorld& world, const std::string& name,
                 const SourceOptions& options) -> Result<std::unique_ptr<Source>> {
    return std::make_unique<CommandSource>(world, HF_TRY(parse_spec(options).during("open source " + name)));
  };
  return kind;
}

}  // namespace hf
