#include "pg/archive.h"

#include <algorithm>
#include <charconv>

#include "sys/entry.h"

namespace hf {
namespace {

constexpr size_t block_bytes = 1 << 20;
constexpr Duration run_time_max = std::chrono::hours(24 * 30);
// Of several words: a line of the list does not say where its type ends.
constexpr std::array<std::string_view, 34> long_types = {"ACCESS METHOD",
                                                         "CHECK CONSTRAINT",
                                                         "DATABASE PROPERTIES",
                                                         "DEFAULT ACL",
                                                         "EVENT TRIGGER",
                                                         "FK CONSTRAINT",
                                                         "FOREIGN DATA WRAPPER",
                                                         "FOREIGN SERVER",
                                                         "FOREIGN TABLE",
                                                         "INDEX ATTACH",
                                                         "MATERIALIZED VIEW DATA",
                                                         "MATERIALIZED VIEW",
                                                         "OPERATOR CLASS",
                                                         "OPERATOR FAMILY",
                                                         "PROCEDURAL LANGUAGE",
                                                         "PUBLICATION TABLES IN SCHEMA",
                                                         "PUBLICATION TABLE",
                                                         "ROW SECURITY",
                                                         "SECURITY LABEL",
                                                         "SEQUENCE OWNED BY",
                                                         "SEQUENCE SET",
                                                         "SERVER ACL",
                                                         "SHELL TYPE",
                                                         "STATISTICS DATA",
                                                         "SUBSCRIPTION TABLE",
                                                         "TABLE ATTACH",
                                                         "TABLE DATA",
                                                         "TEXT SEARCH CONFIGURATION",
                                                         "TEXT SEARCH DICTIONARY",
                                                         "TEXT SEARCH PARSER",
                                                         "TEXT SEARCH TEMPLATE",
                                                         "USER MAPPING",
                                                         "BLOB COMMENTS",
                                                         "BLOB METADATA"};

std::string_view name_of(PgSection section) {
  switch (section) {
    case PgSection::PreData:
      return "pre-data";
    case PgSection::Data:
      return "data";
    case PgSection::PostData:
      return "post-data";
  }
  return "";
}

std::vector<int> numbers_in(std::string_view text) {
  std::vector<int> numbers;
  for (size_t at = 0; at < text.size();) {
    int number = 0;
    const auto [end, problem] = std::from_chars(text.data() + at, text.data() + text.size(), number);
    if (problem == std::errc()) numbers.push_back(number);
    at = std::max(at + 1, static_cast<size_t>(end - text.data()));
  }
  return numbers;
}

std::string_view take_word(std::string_view& text) {
  const size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

// "216; 1259 16515 TABLE public t postgres"
PgArchiveItem parse_item(std::string_view line) {
  PgArchiveItem item;
  const size_t semicolon = line.find(';');
  std::from_chars(line.data(), line.data() + semicolon, item.id);
  line.remove_prefix(std::min(semicolon + 2, line.size()));
  take_word(line);
  take_word(line);
  item.text = line;
  std::string_view type;
  for (const std::string_view known : long_types)
    if (line.starts_with(known) && line.substr(known.size()).starts_with(' ') && known.size() > type.size())
      type = known;
  if (type.empty()) {
    type = take_word(line);
  } else {
    line.remove_prefix(type.size() + 1);
  }
  item.type = type;
  item.name = line;
  return item;
}

// "public t postgres" into schema and name. The owner is last; each may hold spaces, and the longest schema is right.
void cut_name(PgArchiveItem& item, const std::set<std::string>& schemas) {
  std::string_view line = item.name;
  std::string_view schema = line.substr(0, line.find(' '));
  for (const std::string& known : schemas)
    if (known.size() > schema.size() && line.starts_with(known + " ")) schema = known;
  item.schema = schema;
  line.remove_prefix(std::min(schema.size() + 1, line.size()));
  item.name = std::string(line.substr(0, line.rfind(' ')));
}

Status copy_file(Directory& from, const std::string& path, Directory& to, const std::string& name) {
  const std::unique_ptr<File> source = HF_TRY(from.open_file(path));
  const std::unique_ptr<File> copy = HF_TRY(to.create_file(name, 0600));
  Bytes block(block_bytes);
  for (uint64_t offset = 0;;) {
    const size_t size = HF_TRY(source->read_at(offset, block));
    if (size == 0) return {};
    HF_TRY(copy->write_at(offset, BytesView(block).first(size)));
    offset += size;
  }
}

}  // namespace

std::vector<PgArchiveItem> parse_archive_list(std::string_view text, std::set<std::string> schemas) {
  std::vector<PgArchiveItem> items;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    constexpr std::string_view needs = ";\tdepends on:";
    if (line.starts_with(needs) && !items.empty())
      items.back().needs = numbers_in(line.substr(needs.size()));
    else if (!line.empty() && line[0] >= '0' && line[0] <= '9')
      items.push_back(parse_item(line));
  }
  for (PgArchiveItem& item : items) {
    if (item.type != "SCHEMA") continue;
    cut_name(item, {});
    schemas.insert(item.name);
  }
  for (PgArchiveItem& item : items)
    if (item.type != "SCHEMA") cut_name(item, schemas);
  return items;
}

Result<PgArchive> PgArchive::open(const PgWorld& world, const PgPrograms& programs, Directory& directory,
                                  const std::string& path, const std::string& room) {
  PgArchive archive(world, programs, HF_TRY(world.fs.open_directory(room)), room);
  const std::string name = archive.new_name();
  HF_TRY(copy_file(directory, path, *archive.room_, name).during("copy " + printable(path)));
  HF_TRY(give_to_pg_user(world, programs, *archive.room_, name));
  return archive;
}

PgArchive::~PgArchive() {
  for (const std::string& file : files_) static_cast<void>(room_->remove(file).ok());
}

std::string PgArchive::new_name() {
  files_.push_back("archive-" + to_hex(world_.env.entropy.bytes(6)));
  return files_.back();
}

Status PgArchive::run(std::vector<std::string> arguments, const std::function<Status(BytesView)>& take,
                      std::stop_token stop) {
  arguments.push_back(room_path_ + "/" + files_.front());
  PgCommand command{.program = "pg_restore", .arguments = std::move(arguments), .has_network = false};
  const Deadline deadline(world_.env.clock, run_time_max);
  // What becomes of the text is no failure of the program that writes it.
  std::optional<Error> ours;
  const auto give = [&](BytesView bytes) -> Status {
    Status taken = take(bytes);
    if (!taken.ok()) ours = taken.error().clone();
    return taken;
  };
  Result<ProcessEnd> ended = world_.process.run(to_spec(programs_, command), give, deadline, std::move(stop));
  if (ours) return std::move(*ours);
  const ProcessEnd end = HF_TRY(std::move(ended).during("read the archive of the schema"));
  if (end.status == 0) return {};
  return Error(Code::Corrupt,
               "pg_restore cannot read the archive of the schema, and exited with status " + std::to_string(end.status))
      .with_detail(end.stderr_text);
}

Result<std::vector<PgArchiveItem>> PgArchive::list(const std::set<std::string>& schemas, std::stop_token stop) {
  std::string text;
  const auto keep = [&](BytesView bytes) -> Status {
    text += as_text(bytes);
    return {};
  };
  HF_TRY(run({"--list", "--verbose"}, keep, std::move(stop)));
  return parse_archive_list(text, schemas);
}

// pg_restore takes its choice from a file, a line for each id, and their order as well.
Result<std::string> PgArchive::write_list(const std::vector<int>& only) {
  std::string lines;
  for (const int id : only) lines += std::to_string(id) + ";\n";
  const std::string name = new_name();
  const std::unique_ptr<File> file = HF_TRY(room_->create_file(name, 0600));
  HF_TRY(file->write_at(0, as_bytes(lines)));
  HF_TRY(give_to_pg_user(world_, programs_, *room_, name));
  return room_path_ + "/" + name;
}

Status PgArchive::read(const PgArchiveRead& what, SqlScriptVisitor& visitor, std::stop_token stop) {
  // Tablespaces are directories of the machine that the data comes from.
  std::vector<std::string> arguments = {"--file", "-", "--no-tablespaces"};
  for (const PgSection section : what.sections) arguments.push_back("--section=" + std::string(name_of(section)));
  if (what.create_database) arguments.push_back("--create");
  if (what.clean) arguments.insert(arguments.end(), {"--clean", "--if-exists"});
  if (what.no_owner) arguments.insert(arguments.end(), {"--no-owner", "--no-privileges"});
  if (what.only != nullptr) arguments.insert(arguments.end(), {"--use-list", HF_TRY(write_list(*what.only))});
  SqlScript script(visitor);
  HF_TRY(run(
      std::move(arguments), [&](BytesView bytes) { return script.feed(bytes); }, std::move(stop)));
  return script.finish();
}

}  // namespace hf
