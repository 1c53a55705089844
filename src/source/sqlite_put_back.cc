#include "source/sqlite_put_back.h"

#include <algorithm>

#include "base/text.h"
#include "source/sqlite_prove.h"

namespace hf {
namespace {

constexpr size_t block_bytes = 1 << 20;
constexpr int links_max = 16;
constexpr size_t name_bytes_max = 200;  // a file name's 255, less what is added to keep it
constexpr Duration command_time_max = std::chrono::minutes(10);
constexpr std::string_view command_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
// What is started may go on after the command has ended, with the streams that it was given: Process would wait for
// them to be closed and in the end kill it, and a pipe that nobody reads would end it later. The words are not
// interpreted.
const std::vector<std::string> on_its_own = {"sh", "-c", "exec \"$@\" < /dev/null > /dev/null 2>&1", "sh"};
// What SQLite keeps beside a database. A log or a journal left there would be played into the new file.
constexpr std::array<std::string_view, 3> companions = {"-wal", "-shm", "-journal"};

struct Place {
  std::unique_ptr<Directory> parent;
  std::string path, parent_path, name;
  std::optional<FileInfo> info;  // nothing: there is no database now
};

// Where the database is or shall be, behind all links.
Result<Place> find_place(Fs& fs, const std::string& given) {
  std::string path = HF_TRY(fs.absolute(given));
  for (int links = 0; links < links_max; ++links) {
    const size_t slash = path.rfind('/');
    Place place{.path = path, .parent_path = slash == 0 ? "/" : path.substr(0, slash), .name = path.substr(slash + 1)};
    if (place.name.empty() || place.name.size() > name_bytes_max)
      return Error(Code::Invalid, printable(given) + " does not name a file, or its name is too long to be kept");
    place.parent = HF_TRY(fs.open_directory(place.parent_path));
    Result<FileInfo> info = place.parent->info(place.name);
    if (!info.ok() && info.error().code() != Code::NotFound) return std::move(info).error();
    if (!info.ok()) return place;
    place.info = info.value();
    if (info.value().type == FileType::File) return place;
    if (info.value().type != FileType::Symlink) return Error(Code::Invalid, printable(given) + " is not a file");
    const std::string target = HF_TRY(place.parent->read_link(place.name));
    path = HF_TRY(fs.absolute(target.starts_with('/') ? target : place.parent_path + "/" + target));
  }
  return Error(Code::Invalid, printable(given) + " leads through too many symbolic links");
}

Status copy_bytes(File& from, File& to) {
  Bytes block(block_bytes);
  for (uint64_t offset = 0;;) {
    const size_t size = HF_TRY(from.read_at(offset, block));
    if (size == 0) return to.sync();
    HF_TRY(to.write_at(offset, BytesView(block).first(size)));
    offset += size;
  }
}

// The program must be able to open the new file as it could the old one. What is there already is not set again:
// not everybody may.
Status copy_access(Directory& parent, const std::string& old_name, const FileInfo& old, const std::string& name) {
  const FileInfo is = HF_TRY(parent.info(name));
  if (is.uid != old.uid || is.gid != old.gid) HF_TRY(parent.set_owner(name, old.uid, old.gid));
  HF_TRY(parent.set_mode(name, old.mode));
  Result<std::vector<Xattr>> wanted = parent.xattrs(old_name);
  if (!wanted.ok()) return wanted.error().code() == Code::Unsupported ? Status() : std::move(wanted).error();
  const std::vector<Xattr> there = HF_TRY(parent.xattrs(name));
  for (const Xattr& xattr : wanted.value())
    if (std::find(there.begin(), there.end(), xattr) == there.end()) HF_TRY(parent.set_xattr(name, xattr));
  return {};
}

// "2026-11-21T02:00:00Z" without what a file's name had better not have: "20261121T020000Z".
std::string compact_time(WallTime time) {
  std::string text = format_time_rfc3339(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

bool all_passed(const std::vector<CheckResult>& checks) {
  return std::all_of(checks.begin(), checks.end(), [](const CheckResult& check) { return check.passed; });
}

class PuttingBack {
 public:
  PuttingBack(const SourceWorld& world, const RecordedSource& recorded, const PutBack& request, Place place)
      : world_(world), recorded_(recorded), request_(request), place_(std::move(place)) {}

  Result<std::vector<CheckResult>> run() {
    copy_ = "." + place_.name + ".restored-" + to_hex(world_.env.entropy.bytes(6));
    Result<std::vector<CheckResult>> checks = copy_and_go_on();
    if (!is_replaced_) static_cast<void>(place_.parent->remove(copy_).ok());  // what failed before counts, not this
    return checks;
  }

 private:
  Result<std::vector<CheckResult>> copy_and_go_on() {
    HF_TRY(make_copy().during("copy the restored database beside " + printable(place_.path)));
    std::vector<CheckResult> checks = HF_TRY(prove(copy_));
    if (!all_passed(checks)) {
      checks.insert(checks.begin(), {"put back", false, Duration::zero(),
                                     "nothing was stopped or replaced: what was restored is not as recorded"});
      return checks;
    }
    // From here on the program may be down, and whatever happens it is started again.
    Result<std::vector<CheckResult>> replaced = stop_and_replace();
    Status started = command(request_.start, "start");
    if (replaced.ok() && !started.ok())
      return std::move(started).error().during(
          is_replaced_ ? "the database is in its place, but its program does not run" : "its program does not run");
    if (!replaced.ok() && !started.ok())
      return std::move(replaced).error().during("its program does not run (" + started.error().message() + ")");
    return replaced;
  }

  Status make_copy() {
    const std::unique_ptr<Directory> restored = HF_TRY(world_.fs.open_directory(request_.restored));
    const std::unique_ptr<File> from = HF_TRY(restored->open_file(recorded_.facts.at("file")));
    const std::unique_ptr<File> to = HF_TRY(place_.parent->create_file(copy_, 0600));
    HF_TRY(copy_bytes(*from, *to));
    const FileInfo info = HF_TRY(from->info());
    if (place_.info) return copy_access(*place_.parent, place_.name, *place_.info, copy_);
    const FileInfo is = HF_TRY(to->info());
    if (is.uid != info.uid || is.gid != info.gid) HF_TRY(place_.parent->set_owner(copy_, info.uid, info.gid));
    return place_.parent->set_mode(copy_, info.mode);
  }

  Result<std::vector<CheckResult>> prove(const std::string& name) {
    RecordedSource here = recorded_;
    here.facts["file"] = name;
    return prove_sqlite(world_, place_.parent_path, here);
  }

  Result<std::vector<CheckResult>> stop_and_replace() {
    HF_TRY(command(request_.stop, "stop").during("nothing was replaced"));
    const MonoTime begin = world_.env.clock.mono();
    Status status = replace();
    if (!status.ok()) {
      Status undone = undo();
      if (undone.ok()) return std::move(status).error().during("the database that was there is back in its place");
      return std::move(status).error().during("the database that was there is now " + printable(kept_) +
                                              " and could not be put back (" + undone.error().message() + ")");
    }
    is_replaced_ = true;
    const std::string message = moved_.empty() && !linked_ ? "there was no database before"
                                                           : "the database before it is kept as " + printable(kept_);
    std::vector<CheckResult> checks{{"put back", true, world_.env.clock.mono() - begin, message}};
    for (CheckResult& check : HF_TRY(prove(place_.name))) checks.push_back(std::move(check));
    return checks;
  }

  // Without a log or journal the target is replaced in one step and never missing. With one the old database has to
  // leave first: if the machine dies in between, a file that is missing is noticed, one without its log is not, and a
  // new one beside an old log is spoilt.
  Status replace() {
    kept_ = place_.name + ".before-restore-" + compact_time(world_.env.clock.wall());
    bool stands_alone = true;
    for (const std::string_view companion : companions) {
      const Result<FileInfo> info = place_.parent->info(place_.name + std::string(companion));
      if (!info.ok() && info.error().code() != Code::NotFound) return info.error().clone();
      stands_alone = stands_alone && !info.ok();
    }
    if (place_.info && stands_alone && place_.parent->create_link(place_.name, kept_).ok()) {
      linked_ = true;
      HF_TRY(place_.parent->rename(copy_, place_.name));
    } else {
      HF_TRY(keep(place_.name, kept_));
      for (const std::string_view companion : companions)
        HF_TRY(keep(place_.name + std::string(companion), kept_ + std::string(companion)));
      HF_TRY(place_.parent->rename_no_replace(copy_, place_.name));
    }
    is_in_place_ = true;
    return place_.parent->sync();
  }

  Status keep(const std::string& name, const std::string& kept) {
    Status status = place_.parent->rename_no_replace(name, kept);
    if (!status.ok()) return status.error().code() == Code::NotFound ? Status() : std::move(status);
    moved_.push_back({name, kept});
    return {};
  }

  // The database before what belongs to it: if it cannot go back, they stay together under the name they were kept by.
  Status undo() {
    if (linked_) {
      HF_TRY(place_.parent->rename(kept_, place_.name));
      const Status removed = place_.parent->remove(kept_);  // still there if both were one file
      if (!removed.ok() && removed.error().code() != Code::NotFound) return removed.error().clone();
    } else {
      if (is_in_place_) HF_TRY(place_.parent->rename_no_replace(place_.name, copy_));
      for (const auto& [name, kept] : moved_) HF_TRY(place_.parent->rename_no_replace(kept, name));
    }
    return place_.parent->sync();
  }

  Status command(const std::vector<std::string>& argv, const std::string& which) {
    ProcessSpec spec{.argv = argv, .environment = {{"PATH", std::string(command_path)}}};
    if (which == "start") spec.argv.insert(spec.argv.begin(), on_its_own.begin(), on_its_own.end());
    const Deadline deadline(world_.env.clock, command_time_max);
    // A request to stop this program does not count while the other one is down.
    const auto ignore = [](BytesView) { return Status(); };
    const ProcessEnd end =
        HF_TRY(world_.process.run(spec, ignore, deadline, {}).during("run the " + which + " command"));
    if (end.status == 0) return {};
    return Error(Code::Failed, "the " + which + " command " + printable(argv[0]) + " exited with status " +
                                   std::to_string(end.status))
        .with_detail(end.stderr_text);
  }

  const SourceWorld& world_;
  const RecordedSource& recorded_;
  const PutBack& request_;
  const Place place_;
  std::string copy_, kept_;
  std::vector<std::pair<std::string, std::string>> moved_;  // from, to
  bool linked_ = false;                                     // the old database was kept as a second name of it
  bool is_in_place_ = false;                                // the copy has the target's name
  bool is_replaced_ = false;                                // and all of it was done
};

}  // namespace

Result<std::vector<CheckResult>> put_back_sqlite(const SourceWorld& world, const RecordedSource& recorded,
                                                 const PutBack& request) {
  const auto file = recorded.facts.find("file");
  if (file == recorded.facts.end() || file->second.find('/') != std::string::npos || !is_valid_path(file->second))
    return Error(Code::Invalid, "source " + recorded.name + " does not record which file it is");
  if (request.stop.empty() || request.start.empty())
    return Error(Code::Invalid, "the commands that stop and start the program of " + recorded.name + " are missing")
        .with_hint("if no program uses the database, `true` is a command that does nothing");
  Place place = HF_TRY(find_place(world.fs, request.target).during("find " + printable(request.target)));
  return PuttingBack(world, recorded, request, std::move(place)).run();
}

}  // namespace hf
