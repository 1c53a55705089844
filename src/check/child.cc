#include "check/child.h"

#include <strings.h>

#include "sys/capped_text.h"

namespace hf {
namespace {

constexpr size_t output_bytes_max = 1 << 20;
constexpr size_t blotted_bytes_min = 4;  // shorter ones are in every text
constexpr std::string_view path_default = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void blot(std::string& text, const std::string& secret) {
  if (secret.size() < blotted_bytes_min) return;
  for (size_t at = text.find(secret); at != text.npos; at = text.find(secret, at))
    text.replace(at, secret.size(), "***");
}

// The environment of one child; secrets in it are wiped when it is over.
class ChildEnvironment {
 public:
  ~ChildEnvironment() {
    for (const std::string& name : secret_) explicit_bzero(variables_[name].data(), variables_[name].size());
  }

  void add(const std::string& name, std::string value) { variables_[name] = std::move(value); }
  Status add_all(const std::map<std::string, std::string>& more, const SecretOpener& secret) {
    for (const auto& [name, value] : more) {
      if (!value.starts_with('$')) {
        variables_[name] = value;
        if (name == "PGPASSWORD") secret_.push_back(name);
        continue;
      }
      const Revealed revealed(HF_TRY(secret(value).during("variable " + name)));
      variables_[name] = revealed.text();
      secret_.push_back(name);
    }
    return {};
  }
  std::map<std::string, std::string>& variables() { return variables_; }

  std::string without_secrets(std::string text) const {
    for (const std::string& name : secret_) blot(text, variables_.at(name));
    return text;
  }

 private:
  std::map<std::string, std::string> variables_;
  std::vector<std::string> secret_;
};

}  // namespace

Revealed::Revealed(const Credential& secret) {
  const std::span<const unsigned char> bytes = secret.reveal(Purpose::PassToChild);
  text_.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Revealed::~Revealed() {
  explicit_bzero(text_.data(), text_.size());
}

Result<ChildEnd> run_child(const ChildSpec& spec, const CheckWorld& world, const Deadline& deadline,
                           const std::stop_token& stop) {
  ChildEnvironment environment;
  environment.add("PATH", std::string(path_default));
  // The last two are where libpq looks for what a connection leaves out.
  for (const char* name : {"PATH", "HOME", "LANG", "PGSERVICEFILE", "PGPASSFILE"})
    if (std::string value = world.environment(name); !value.empty()) environment.add(name, std::move(value));
  const std::map<std::string, std::string> told = HF_TRY(world.subject.variables(spec.source, spec.database));
  HF_TRY(environment.add_all(told, world.secret));
  HF_TRY(environment.add_all(world.place.env, world.secret));
  HF_TRY(environment.add_all(spec.env, world.secret));
  // The process gets the variables themselves and gives them back, so that no copy of a secret is left.
  ProcessSpec process{
      .argv = spec.argv, .environment = std::move(environment.variables()), .directory = spec.directory};
  CappedText output(output_bytes_max);
  const auto take = [&](BytesView bytes) -> Status {
    output.add(as_text(bytes));
    return {};
  };
  Result<ProcessEnd> run = world.process.run(process, take, deadline, stop);
  environment.variables() = std::move(process.environment);
  if (!run.ok()) {
    const std::string detail = environment.without_secrets(run.error().detail());
    return std::move(run).error().with_detail(detail);
  }
  ChildEnd end{.status = run.value().status, .output = std::move(output).take()};
  if (!end.output.empty() && end.output.back() != '\n') end.output += '\n';
  end.output = environment.without_secrets(end.output + run.value().stderr_text);
  return end;
}

}  // namespace hf
