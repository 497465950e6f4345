#include "service/base/config.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "service/base/config_values.h"
#include "service/base/errors.h"

using namespace kiyome;

namespace {

std::string default_file() {
  std::ifstream file("deploy/kiyome.toml");
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// What is wrong with `text`, or an empty text.
std::string mistakes(std::string_view text) {
  try {
    (void)parse_config(text, "k.toml");
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

void check_same_client(const SmtpClientConfig& a, const SmtpClientConfig& b) {
  CHECK(a.hosts == b.hosts);
  CHECK(a.hostname == b.hostname);
  CHECK(a.tls == b.tls);
  CHECK(a.tls_ca == b.tls_ca);
  CHECK(a.connections_max == b.connections_max);
  CHECK(a.timeout_seconds == b.timeout_seconds);
  CHECK(a.retry_first_seconds == b.retry_first_seconds);
  CHECK(a.retry_max_seconds == b.retry_max_seconds);
  CHECK(a.lifetime_hours == b.lifetime_hours);
  CHECK(a.delay_notice_hours == b.delay_notice_hours);
}

void check_same_server(const SmtpServerConfig& a, const SmtpServerConfig& b) {
  CHECK(a.listen == b.listen);
  CHECK(a.hostname == b.hostname);
  CHECK(a.max_message_bytes == b.max_message_bytes);
  CHECK(a.relay_networks == b.relay_networks);
  CHECK(a.relay_domains == b.relay_domains);
  CHECK(a.recipients_file == b.recipients_file);
  CHECK(a.xclient_networks == b.xclient_networks);
  CHECK(a.proxy_networks == b.proxy_networks);
  CHECK(a.connections_max == b.connections_max);
  CHECK(a.connections_per_address_max == b.connections_per_address_max);
  CHECK(a.recipients_max == b.recipients_max);
  CHECK(a.errors_max == b.errors_max);
  CHECK(a.command_timeout_seconds == b.command_timeout_seconds);
  CHECK(a.data_timeout_seconds == b.data_timeout_seconds);
  CHECK(a.session_timeout_seconds == b.session_timeout_seconds);
  CHECK(a.free_bytes_min == b.free_bytes_min);
  CHECK(a.free_inodes_min == b.free_inodes_min);
  CHECK(a.threads == b.threads);
}

}  // namespace

TEST_CASE("config: deploy/kiyome.toml says the defaults") {
  const Config file = parse_config(default_file(), "kiyome.toml");
  const Config plain = parse_config("", "kiyome.toml");
  CHECK(file.data_dir == plain.data_dir);
  CHECK(file.data_dir == Config{}.data_dir);
  CHECK(file.store.url == plain.store.url);
  CHECK(file.store.edge_url == plain.store.edge_url);
  CHECK(file.store.blobs == plain.store.blobs);
  check_same_server(file.smtp, SmtpServerConfig{});
  check_same_server(plain.smtp, SmtpServerConfig{});
  check_same_client(file.deliver, Config{}.deliver);
  check_same_client(file.returns, Config{}.returns);
  check_same_client(plain.returns, Config{}.returns);
  CHECK(file.tls_certificate.empty());
  CHECK(file.tls_key.empty());
  CHECK(file.policy.mail_body == plain.policy.mail_body);
  CHECK(file.policy.attachments == plain.policy.attachments);
  CHECK(file.policy.rules.empty());
  CHECK(file.notice.sender == plain.notice.sender);
  CHECK(file.notice.contact == plain.notice.contact);
  CHECK(file.notice.external_mark == plain.notice.external_mark);
  CHECK(file.notice.break_links == plain.notice.break_links);
  CHECK(file.notice.own_domains == plain.notice.own_domains);
  CHECK(file.notice.trusted_authserv_id == plain.notice.trusted_authserv_id);
  CHECK(file.retention.originals_days == plain.retention.originals_days);
  CHECK(file.retention.held_days == plain.retention.held_days);
  CHECK(file.retention.records_days == plain.retention.records_days);
  CHECK(file.cleaner.workers == plain.cleaner.workers);
  CHECK(file.cleaner.mail_seconds == plain.cleaner.mail_seconds);
  CHECK(file.documents.dpi == plain.documents.dpi);
  CHECK(file.documents.compact == plain.documents.compact);
  CHECK(file.documents.text_layer == plain.documents.text_layer);
  CHECK(file.documents.hidden == plain.documents.hidden);
  CHECK(file.documents.comments == plain.documents.comments);
  CHECK(file.documents.changes == plain.documents.changes);
  CHECK(file.documents.fit_width == plain.documents.fit_width);
  CHECK(file.gate_takes_originals == plain.gate_takes_originals);
  CHECK(file.request.links == plain.request.links);
  CHECK(file.request.days == plain.request.days);
  CHECK(file.request.tries == plain.request.tries);
  CHECK(file.digest.recipients == plain.digest.recipients);
  CHECK(file.digest.reviewers == plain.digest.reviewers);
  CHECK(file.digest.hour == plain.digest.hour);
  CHECK(file.audit.days == plain.audit.days);
  CHECK(file.audit.checkpoint_minutes == plain.audit.checkpoint_minutes);
  CHECK(file.audit.syslog == plain.audit.syslog);
  CHECK(file.templates == plain.templates);
  CHECK(file.transfer.mode == plain.transfer.mode);
  CHECK(file.transfer.listen == plain.transfer.listen);
  CHECK(file.transfer.connect == plain.transfer.connect);
  CHECK(file.transfer.certificate == plain.transfer.certificate);
  CHECK(file.transfer.key == plain.transfer.key);
  CHECK(file.transfer.ca == plain.transfer.ca);
  CHECK(file.transfer.peers == plain.transfer.peers);
  CHECK(file.transfer.silence_seconds == plain.transfer.silence_seconds);
  CHECK(file.log_level == plain.log_level);
  CHECK(file.metrics_listen == plain.metrics_listen);
}

TEST_CASE("config: deploy/kiyome.toml with its examples switched on is still without mistake") {
  std::istringstream lines(default_file());
  std::string line, all;
  while (std::getline(lines, line)) {
    const bool example = line.size() > 1 && line[0] == '#' && line[1] != ' ' && line[1] != '\0';
    all += (example ? line.substr(1) : line) + "\n";
  }
  const Config config = parse_config(all, "kiyome.toml");
  CHECK(config.metrics_listen == std::vector<HostPort>{{"127.0.0.1", 9464}});
  const Config plain;
  CHECK(plain.drop_box.http.listen.empty());
  CHECK(config.drop_box.http.listen == std::vector<HostPort>{{"127.0.0.1", 8441}});
  CHECK(config.drop_box.file_bytes_max == plain.drop_box.file_bytes_max);
  CHECK(config.drop_box.files_max == plain.drop_box.files_max);
  CHECK(config.drop_box.day_bytes_max == plain.drop_box.day_bytes_max);
  CHECK(config.drop_box.upload_hours == plain.drop_box.upload_hours);
  CHECK(config.drop_box.importances == plain.drop_box.importances);
  CHECK(config.drop_box.history_days == plain.drop_box.history_days);
  CHECK(config.pick_up.http.listen == std::vector<HostPort>{{"127.0.0.1", 8442}});
  CHECK(config.pick_up.days == plain.pick_up.days);
  CHECK(config.console.http.listen == std::vector<HostPort>{{"127.0.0.1", 8443}});
  CHECK(config.console.second_person == plain.console.second_person);
  CHECK(config.console.proposal_hours == plain.console.proposal_hours);
  CHECK(config.console.escalation_hours == plain.console.escalation_hours);
  CHECK(config.auth.second_factor == plain.auth.second_factor);
  CHECK(config.auth.idle_minutes == plain.auth.idle_minutes);
  CHECK(config.auth.absolute_hours == plain.auth.absolute_hours);
  CHECK(config.auth.tries == plain.auth.tries);
  CHECK(config.auth.lock_minutes == plain.auth.lock_minutes);
  CHECK(config.auth.password_length_min == plain.auth.password_length_min);
  CHECK(config.auth.ldap.filter == plain.auth.ldap.filter);
  REQUIRE(config.auth.ldap.groups.size() == 1);
  CHECK(config.auth.ldap.groups[0].second == "sender");
  REQUIRE(config.tenants.size() == 1);
  CHECK(config.tenants[0].pick_up_days == plain.pick_up.days);
  CHECK(config.tenants[0].retention->held_days == plain.retention.held_days);
  REQUIRE(config.tenants[0].organisations.size() == 1);
  CHECK(config.tenants[0].organisations[0].policy.rules.size() == 1);
  REQUIRE(config.approvals.size() == 1);
  CHECK(config.approvals[0].department == "*");
  CHECK_FALSE(config.approvals[0].released);
  CHECK(config.approvals[0].name == "大きなファイル");
  CHECK(config.approvals[0].size_over == 10485760);
  REQUIRE(config.policy.rules.size() == 2);
  CHECK(config.policy.rules[1].type == "application/pdf");
  CHECK(config.policy.rules[1].actions.attachments == Action::hold);
  CHECK(config.policy.rules[0].from == "*@supplier.example");
  CHECK(config.policy.rules[0].size_over == 1048576);
  CHECK(config.policy.rules[0].actions.verdict == Verdict::held);
  CHECK(config.policy.rules[0].actions.attachments == Action::flatten);
  CHECK(config.policy.rules[0].line > 0);
}

TEST_CASE("config: the interface's example is accepted") {
  const Config config = parse_config(R"(
data_dir = "/srv/k"
[edge.smtp]
listen = "127.0.0.1:2525"
relay_networks = ["10.0.0.0/8", "192.0.2.7", "2001:db8::1"]
[edge.return]
host = "127.0.0.1"
port = 2599
retry_first_seconds = 0.5
[edge.drop_box]
listen = "127.0.0.1:8441"
[gate.deliver]
hosts = ["127.0.0.1:2526", "[::1]:25", "mail.example.jp:25"]
retry_first_seconds = 1
lifetime_hours = 0.01
[[policy.rule]]
from = "*@supplier.example"
attachments = "flatten"
[[policy.rule]]
size_over = 0
verdict = "rejected"
)",
                                     "k.toml");
  CHECK(config.smtp.listen == std::vector<HostPort>{{"127.0.0.1", 2525}});
  CHECK(config.smtp.relay_networks ==
        std::vector<std::string>{"10.0.0.0/8", "192.0.2.7/32", "2001:db8::1/128"});
  CHECK(config.returns.hosts == std::vector<HostPort>{{"127.0.0.1", 2599}});
  CHECK(config.returns.retry_first_seconds == 0.5);
  CHECK(config.deliver.hosts ==
        std::vector<HostPort>{{"127.0.0.1", 2526}, {"::1", 25}, {"mail.example.jp", 25}});
  CHECK(config.deliver.hosts[1].text() == "[::1]:25");
  CHECK(config.deliver.retry_first_seconds == 1);
  CHECK(config.deliver.lifetime_hours == doctest::Approx(0.01));
  CHECK(config.metrics_listen.empty());
  CHECK(config.drop_box.http.listen == std::vector<HostPort>{{"127.0.0.1", 8441}});
  CHECK(config.pick_up.http.listen.empty());
  REQUIRE(config.policy.rules.size() == 2);
  CHECK(config.policy.rules[0].line == 16);
  CHECK(config.policy.rules[1].size_over == 0);
  CHECK(config.policy.rules[1].actions.verdict == Verdict::rejected);
}

TEST_CASE("config: every mistake is told at once, in the file's order, with line and key") {
  const std::string all = mistakes(R"(data_dir = 5
[edge.smtp]
listne = "127.0.0.1:25"
max_message_bytes = "20M"
hostname = "a b"
[gate.deliver]
tls = "maybe"
[nonsense]
x = 1
)");
  CHECK(all ==
        "k.toml:1: data_dir: must be a text in quotes\n"
        "k.toml:3: edge.smtp.listne: unknown key: did you mean edge.smtp.listen?\n"
        "k.toml:4: edge.smtp.max_message_bytes: must be a whole number from 1 to 1073741824\n"
        "k.toml:5: edge.smtp.hostname: \"a b\" is not a domain name\n"
        "k.toml:7: gate.deliver.tls: must be one of \"none\", \"opportunistic\", \"required\"\n"
        "k.toml:8: nonsense: unknown key");
}

TEST_CASE("config: each of these is a mistake, and the one beside it is not") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"edge.smtp.listen = 'localhost'", "edge.smtp.listen = 'localhost:25'"},
      {"edge.smtp.listen = '127.0.0.1:0'", "edge.smtp.listen = '127.0.0.1:1'"},
      {"edge.smtp.listen = '127.0.0.1:65536'", "edge.smtp.listen = '127.0.0.1:65535'"},
      {"edge.smtp.listen = '::1:25'", "edge.smtp.listen = '[::1]:25'"},
      {"edge.smtp.listen = '127.0.0:25'", "edge.smtp.listen = '127.0.0.1:25'"},
      {"edge.smtp.listen = '1.2.3.400:25'", "edge.smtp.listen = '1.2.3.40:25'"},
      {"edge.smtp.listen = []", "edge.smtp.listen = ['127.0.0.1:1']"},
      {"edge.smtp.listen = ['127.0.0.1:1', '127.0.0.1:1']",
       "edge.smtp.listen = ['127.0.0.1:1', '127.0.0.1:2']"},
      {"edge.smtp.listen = 25", "edge.smtp.listen = '0.0.0.0:25'"},
      {"edge.smtp.max_message_bytes = 0", "edge.smtp.max_message_bytes = 1"},
      {"edge.smtp.max_message_bytes = 1073741825", "edge.smtp.max_message_bytes = 1073741824"},
      {"documents.compact = 1", "documents.compact = true"},
      {"documents.hidden = true", "documents.hidden = 'show'"},
      {"documents.comments = 'margin'", "documents.comments = 'show'"},
      {"documents.changes = 'drop'", "documents.changes = 'accept'"},
      {"documents.fit_width = 1", "documents.fit_width = true"},
      {"edge.smtp.max_message_bytes = -1", "edge.smtp.max_message_bytes = 10_000"},
      {"edge.smtp.max_message_bytes = 2.5", "edge.smtp.max_message_bytes = 0x100"},
      {"edge.smtp.relay_networks = ['10.0.0.1/8']", "edge.smtp.relay_networks = ['10.0.0.0/8']"},
      {"edge.smtp.relay_networks = ['10.0.0.0/33']", "edge.smtp.relay_networks = ['10.0.0.0/32']"},
      {"edge.smtp.relay_networks = ['2001:db8::/129']", "edge.smtp.relay_networks = ['2001:db8::/128']"},
      {"edge.smtp.relay_networks = ['10.0.0.0/']", "edge.smtp.relay_networks = ['0.0.0.0/0']"},
      {"edge.smtp.relay_networks = ['ten']", "edge.smtp.relay_networks = []"},
      {"edge.smtp.relay_networks = [10]", "edge.smtp.relay_networks = '10.0.0.0/8'"},
      {"edge.smtp.relay_domains = ['例え.jp']", "edge.smtp.relay_domains = ['xn--r8jz45g.jp', '*.go.jp']"},
      {"edge.smtp.relay_domains = ['']", "edge.smtp.relay_domains = ['a']"},
      {"edge.smtp.recipients_max = 1001", "edge.smtp.recipients_max = 1000"},
      {"edge.smtp.command_timeout_seconds = 0", "edge.smtp.command_timeout_seconds = 1"},
      {"edge.smtp = 3", "edge.smtp = {}"},
      {"edge.return.port = 0", "edge.return.port = 25"},
      {"edge.return.host = 'a b'", "edge.return.host = 'mx.example.jp'"},
      {"edge.return.host = 'a'\nedge.return.hosts = ['b:25']", "edge.return.hosts = ['b:25', 'c:25']"},
      {"gate.deliver.hosts = []", "gate.deliver.hosts = ['a:25']"},
      {"gate.deliver.retry_first_seconds = 0", "gate.deliver.retry_first_seconds = 0.1"},
      {"gate.deliver.retry_first_seconds = inf", "gate.deliver.retry_first_seconds = 7200"},
      {"gate.deliver.retry_first_seconds = '60'", "gate.deliver.retry_first_seconds = 60"},
      {"gate.deliver.retry_first_seconds = 90\ngate.deliver.retry_max_seconds = 60",
       "gate.deliver.retry_first_seconds = 60\ngate.deliver.retry_max_seconds = 60"},
      {"gate.deliver.delay_notice_hours = -1", "gate.deliver.delay_notice_hours = 0"},
      {"gate.deliver.lifetime_hours = nan", "gate.deliver.lifetime_hours = 1"},
      {"gate.pick_up.listen = 'x'", "gate.pick_up.listen = '127.0.0.1:8442'"},
      {"console.port = 1", "console.listen = '127.0.0.1:8443'"},
      {"store.url = 'postgresql://a b/c'", "store.url = 'postgresql://a@b/c'"},
      {"store.edge_url = 'sqlite'", "store.edge_url = 'postgresql://e@b/c'"},
      {"store.blobs = 'here'", "store.blobs = '/srv/blobs'"},
      {"store.url = 'mysql'", "store.url = \"sqlite\""},
      {"tls.certificate = 'c.pem'", "tls.certificate = 'c.pem'\ntls.key = 'k.pem'"},
      {"policy.mail_body = 'flatten'", "policy.mail_body = 'text'"},
      {"policy.attachments = 'pass'", "policy.attachments = 'flatten'"},
      {"policy.rule = 5", "policy.rule = []"},
      {"policy.rule = [5]", "policy.rule = [{verdict = 'held'}]"},
      {"[[policy.rule]]\nfrom = ''", "[[policy.rule]]\nfrom = '*'"},
      {"[[policy.rule]]\nsize_over = -1", "[[policy.rule]]\nsize_over = 0"},
      {"[[policy.rule]]\nverdict = 'hold'", "[[policy.rule]]\nverdict = 'held'"},
      {"[[policy.rule]]\ntype = 'a/b'\nverdict = 'held'",
       "[[policy.rule]]\ntype = 'a/b'\nattachments = 'hold'"},
      {"[[policy.rule]]\ntype = 'a/b'\nmail_body = 'text'", "[[policy.rule]]\nmail_body = 'text'"},
      {"[[policy.rule]]\nform = 'a'", "[[policy.rule]]\nfrom = 'a'"},
      {"notice.sender = 'someone'", "notice.sender = 'someone@example.jp'"},
      {"notice.contact = \"a\\nb\"", "notice.contact = '情報政策課 内線1234'"},
      {"notice.external_mark = 'yes'", "notice.external_mark = true"},
      {"notice.own_domains = ['a..b']", "notice.own_domains = ['a.b']"},
      {"retention.held_days = 0", "retention.held_days = 0.5"},
      {"retention.records_days = 36501", "retention.records_days = 36500"},
      {"cleaner.mail_seconds = 0", "cleaner.mail_seconds = 1"},
      {"log.level = 'loud'", "log.level = 'warning'"},
      {"data_dir = ''", "data_dir = '/x'"},
      {"data_dir = '/a'\ndata_dir = '/b'", "data_dir = '/b'"},
      {"data_dir = ", "data_dir = '/a'  # why"},
  };
  for (const auto& row : rows) {
    const std::string_view wrong = row.first, right = row.second;
    CAPTURE(wrong);
    CAPTURE(right);
    const std::string told = mistakes(wrong);
    CHECK(told.starts_with("k.toml:"));
    CHECK(told.find('\n') == std::string::npos);
    CHECK(mistakes(right) == "");
  }
}

TEST_CASE("config: an unknown key names the one that was meant") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"edge.smtp.hostnmae = 'a'", "edge.smtp.hostname?"},
      {"smtp.listen = 'a'", "edge.smtp?"},
      {"gate.delivery.hosts = []", "gate.deliver?"},
      {"gate.deliver.retry_seconds = 1", "gate.deliver.retry_max_seconds?"},
      {"hostname = 'a'", "edge.smtp.hostname?"},
      {"[[policy.rule]]\nattachment = 'strip'", "policy.rule.attachments?"},
      {"loglevel = 'info'", ""},
  };
  for (const auto& row : rows) {
    const std::string_view text = row.first, meant = row.second;
    CAPTURE(text);
    const std::string told = mistakes(text);
    CAPTURE(told);
    CHECK(told.find("unknown key") != std::string::npos);
    CHECK(told.ends_with(meant));
    CHECK((told.find("did you mean") == std::string::npos) == meant.empty());
  }
}

TEST_CASE("config: a syntax error names its line") {
  CHECK(mistakes("\n\nlisten == 3\n").starts_with("k.toml:3: column "));
}

TEST_CASE("config: relative paths are taken from the file's folder") {
  const Config config =
      parse_config("data_dir = 'd'\nedge.smtp.recipients_file = '../r'\ngate.deliver.tls_ca = '/ca.pem'",
                   "etc/kiyome/k.toml");
  CHECK(config.data_dir == "etc/kiyome/d");
  CHECK(config.smtp.recipients_file == "etc/r");
  CHECK(config.deliver.tls_ca == "/ca.pem");
  CHECK(parse_config("data_dir = 'd'", "k.toml").data_dir == "d");
}

TEST_CASE("config: what a value says cannot act on a terminal") {
  const std::string told =
      mistakes("log.level = 'info'\nedge.smtp.hostname = \"\\u001b[2J\\u202e\"\n\"\\u001b[1m\" = 1");
  CHECK(told.find('\x1b') == std::string::npos);
  CHECK(told.find("\u202e") == std::string::npos);
  CHECK(told.find("\\u001b[2J\\u202e") != std::string::npos);
}

TEST_CASE("config: a missing or unreadable file is told, and so is a missing file that it names") {
  CHECK_THROWS_AS((void)load_config("no/such/file.toml"), ConfigError);
  CHECK_THROWS_AS((void)load_config("deploy"), ConfigError);
  CHECK(load_config("deploy/kiyome.toml").path == "deploy/kiyome.toml");
  CHECK(load_config("deploy/kiyome.toml").source == default_file());
}

TEST_CASE("config: did_you_mean stays silent when nothing is near") {
  const std::vector<std::string> names{"edge", "edge.smtp", "edge.smtp.listen", "tls.key"};
  CHECK(config_values::did_you_mean("edge.smtp.lisen", names) == "edge.smtp.listen");
  CHECK(config_values::did_you_mean("edge.smtp.ilsten", names) == "edge.smtp.listen");
  CHECK(config_values::did_you_mean("listen", names) == "edge.smtp.listen");
  CHECK(config_values::did_you_mean("quite.other", names) == "");
  CHECK(config_values::did_you_mean(std::string(100000, 'a'), names) == "");
}
