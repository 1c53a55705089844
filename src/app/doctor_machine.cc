// This machine: the configuration and its secrets, the cache, the scratch directory, the clock.
#include "app/doctor.h"
#include "base/text.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr uint32_t writable_by_others = 0022;
constexpr uint64_t cache_free_min = 256u << 20;
// A clock that says less was never set: the program is younger than that.
constexpr std::chrono::sys_days clock_min = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

Result<FileInfo> look_at(Fs& fs, const std::string& path) {
  const size_t slash = path.rfind('/');
  const auto directory = HF_TRY(fs.open_directory(slash == path.npos ? "." : path.substr(0, slash + 1) + "."));
  return directory->info(path.substr(slash == path.npos ? 0 : slash + 1));
}

void examine_configuration(Examination& examination) {
  const Settings& settings = examination.settings;
  if (!settings.config) return examination.good("config", "none is used: the repository is named by hand");
  examination.good("config", printable(settings.config_path) + " can be read and means something");
  const Result<FileInfo> info = look_at(examination.context.program.fs, settings.config_path);
  if (!info.ok()) return examination.bad("config.private", info.error());
  if ((info.value().mode & writable_by_others) != 0)
    return examination.bad(
        "config.private",
        "other users can write to " + printable(settings.config_path) + ", and so run commands as this user",
        "chmod go-w " + printable(settings.config_path));
  examination.good("config.private", "nobody else can write to it");
}

void examine_secrets(Examination& examination) {
  if (!examination.settings.config) return;
  const SecretOpener open = secret_opener(examination.context, &*examination.settings.config);
  for (const auto& [name, reference] : examination.settings.config->secrets) {
    const Result<Credential> secret = open("$" + name);
    if (secret.ok())
      examination.good("secret." + name, "is there");
    else
      examination.bad("secret." + name, secret.error(),
                      "put it where the configuration says, or change secrets." + name);
  }
}

void examine_cache(Examination& examination) {
  const Result<std::string> path = state_directory(examination.context);
  if (!path.ok())
    return examination.bad("cache", path.error(), "HOLDFAST_CACHE_DIR names a directory that can be written to");
  const auto directory = examination.context.program.fs.open_directory(path.value());
  if (!directory.ok()) return examination.bad("cache", directory.error());
  const std::string probe = ".doctor-" + to_hex(examination.context.program.entropy.bytes(6));
  Status written = directory.value()->create_directory(probe, 0700);
  if (written.ok()) written = directory.value()->remove_directory(probe);
  if (!written.ok())
    return examination.bad("cache", written.error(), "HOLDFAST_CACHE_DIR names a directory that can be written to");
  examination.good("cache", printable(path.value()) + " can be written to");
  const Result<uint64_t> free = directory.value()->space_free();
  if (!free.ok()) return examination.bad("cache.space", free.error());
  if (free.value() < cache_free_min)
    return examination.warning("cache.space", format_bytes(free.value()) + " are free in " + printable(path.value()),
                               "free some, or name another place with HOLDFAST_CACHE_DIR; df -h shows what is full");
  examination.good("cache.space", format_bytes(free.value()) + " free");
}

void examine_clock(Examination& examination) {
  const WallTime now = examination.context.program.clock.wall();
  if (now < WallTime(clock_min))
    return examination.bad("clock", "it says " + format_time_rfc3339(now),
                           "set it: timedatectl set-ntp true; retention and key expiry go by it");
  examination.good("clock", "it says " + format_time_rfc3339(now));
}

}  // namespace

void examine_machine(Examination& examination) {
  examine_configuration(examination);
  examine_secrets(examination);
  examine_cache(examination);
  examine_clock(examination);
}

}  // namespace hf
