#include "app/environments.h"

#include "sys/entry.h"

namespace hf {
namespace {

using Type = config::KindOption::Type;

std::vector<config::KindOption> with_common(std::vector<config::KindOption> options) {
  const std::vector<config::KindOption> common = {
      {"base_url", "where the service is: http checks ask below it"},
      {"ca_file", "certificates (PEM) that it may show, instead of the system's"},
      {"env", "variables for run checks; `$name` is a secret", Type::Map},
      {"servers",
       "its database servers, each as HOST, HOST:PORT or a socket's directory, by every name and address that is used",
       Type::TextList},
      {"production",
       "it is in use: nothing is restored there to be tried, and nothing on its servers replaced (default false, or "
       "true if it is named production)",
       Type::Flag}};
  options.insert(options.end(), common.begin(), common.end());
  return options;
}

std::string note_of(const std::string& kind) {
  return "this version restores nothing into an environment of type " + kind +
         "; it says where services and servers are, and which are in production";
}

Status accept_container(const config::KindOptions& options) {
  const auto runtime = options.find("runtime");
  if (runtime == options.end() || runtime->second.empty()) return {};
  if (runtime->second.front() == "podman" || runtime->second.front() == "docker") return {};
  return Error(Code::Invalid, "\"runtime\" takes podman or docker");
}

std::vector<std::string> values_of(const config::KindConfig& environment, std::string_view option) {
  const auto found = environment.options.find(option);
  return found == environment.options.end() ? std::vector<std::string>() : found->second;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

struct HostPort {
  std::string host, port;  // port "": any
};

HostPort split(std::string_view text) {
  const size_t colon = text.rfind(':');
  const bool is_bracketed = text.starts_with('[');
  // More than one colon is an address of IPv6, unless brackets say where it ends.
  const bool has_port = colon != text.npos && colon + 1 < text.size() &&
                        text.find_first_not_of("0123456789", colon + 1) == text.npos &&
                        (is_bracketed ? text[colon - 1] == ']' : text.find(':') == colon || text.starts_with('/'));
  HostPort split{.host = lower(text.substr(0, has_port ? colon : text.npos)),
                 .port = has_port ? std::string(text.substr(colon + 1)) : ""};
  if (is_bracketed && split.host.ends_with(']')) split.host = split.host.substr(1, split.host.size() - 2);
  while (split.host.size() > 1 && split.host.ends_with('/')) split.host.pop_back();
  return split;
}

bool is_socket(const std::string& host) {
  return host.empty() || host.starts_with('/') || host.starts_with('@');
}

// "db1" and "db1.example.org"; never a part of an address.
bool is_same_name(const std::string& one, const std::string& other) {
  if (one == other) return true;
  const auto label = [](const std::string& name) { return name.substr(0, name.find('.')); };
  const bool is_short = one.find('.') == one.npos || other.find('.') == other.npos;
  const bool is_number = label(one).find_first_not_of("0123456789") == std::string::npos;
  return is_short && !is_number && label(one) == label(other);
}

bool is_here(const std::string& host, const std::string& this_machine) {
  return is_socket(host) || host == "localhost" || host.starts_with("127.") || host == "::1" ||
         is_same_name(host, this_machine);
}

}  // namespace

std::vector<config::KindSchema> environment_kinds() {
  config::KindSchema directory{.name = "directory",
                               .help =
                                   "A directory of this machine, and the service that runs on what is restored "
                                   "there."};
  directory.options =
      with_common({{"path", "the directory that points are restored in, to prove them (default: $TMPDIR, /tmp)"}});
  config::KindSchema container{.name = "container", .help = "A container of this machine."};
  container.options = with_common({{"runtime", "podman or docker"},
                                   {"network", "what it is connected to, or none"},
                                   {"ttl", "for how long it stays", Type::Span},
                                   {"memory", "how much it may take", Type::Size}});
  container.accepts = accept_container;
  container.note = note_of("container");
  config::KindSchema ssh{.name = "ssh", .help = "Another machine."};
  ssh.options =
      with_common({{"host", "its name; database servers on it are its servers", Type::Text, true, "staging-db-1"}});
  ssh.note = note_of("ssh");
  return {std::move(directory), std::move(container), std::move(ssh)};
}

bool is_production(std::string_view name, const config::KindConfig& environment) {
  const std::vector<std::string> marked = values_of(environment, "production");
  return marked.empty() ? name == "production" : marked.front() == "true";
}

std::vector<std::string> servers_of(const config::KindConfig& environment) {
  std::vector<std::string> servers = values_of(environment, "servers");
  for (const std::string& host : values_of(environment, "host")) servers.push_back(host);
  std::string host, port;
  const std::vector<std::string> variables = values_of(environment, "env");
  for (size_t i = 0; i + 1 < variables.size(); i += 2) {
    if (variables[i + 1].starts_with('$')) continue;
    if (variables[i] == "PGHOST") host = variables[i + 1];
    if (variables[i] == "PGPORT") port = variables[i + 1];
  }
  if (!host.empty()) servers.push_back(host + (port.empty() ? "" : ":" + port));
  return servers;
}

bool is_same_server(std::string_view written, std::string_view server, std::string_view this_machine) {
  const HostPort one = split(written), other = split(server);
  if (!one.port.empty() && !other.port.empty() && one.port != other.port) return false;
  const std::string here = lower(this_machine);
  if (is_socket(one.host) && is_socket(other.host)) return one.host == other.host;
  if (is_here(one.host, here) && is_here(other.host, here)) return true;
  return is_same_name(one.host, other.host);
}

std::string why_production(const config::Config& config, std::string_view server, std::string_view this_machine) {
  for (const auto& [name, environment] : config.environments) {
    if (!is_production(name, environment)) continue;
    for (const std::string& written : servers_of(environment))
      if (is_same_server(written, server, this_machine))
        return "environment " + name + " of the configuration is in production, and " + printable(written) +
               " is its server";
  }
  return {};
}

}  // namespace hf
