#include "service/http/http.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "service/http/json_text.h"

namespace kiyome::http {
namespace {

struct Words {
  std::string_view code, text;
};

constexpr Words kWords[] = {
    {"malformed", "要求を読み取れませんでした / The request could not be read"},
    {"timeout", "時間切れです。もう一度お試しください / Too slow; please try again"},
    {"not-signed-in", "サインインしてください / Please sign in"},
    {"sign-in-refused", "ログイン名またはパスワードが違います / The login or the password is wrong"},
    {"too-many-tries", "試行回数が多すぎます。しばらくお待ちください / Too many tries; please wait a while"},
    {"wrong-code", "確認コードが違います / The code is wrong"},
    {"wrong-password", "現在のパスワードが違います / The current password is wrong"},
    {"weak-password",
     "パスワードが短すぎるか、推測されやすいものです / The password is too short or too easily guessed"},
    {"forbidden", "この操作は許可されていません / You may not do this"},
    {"csrf", "ページを読み込み直してください / Please load the page again"},
    {"not-found", "見つかりません / Not found"},
    {"method", "この操作はできません / This cannot be done here"},
    {"host", "このサーバーの名前ではありません / This is not a name of this server"},
    {"length-required", "大きさが示されていません / The length is missing"},
    {"too-large", "大きすぎます / Too large"},
    {"target-too-long", "アドレスが長すぎます / The address is too long"},
    {"header-too-large", "要求のヘッダーが大きすぎます / The header of the request is too large"},
    {"media-type", "この形式は受け付けていません / This type of content is not taken"},
    {"expectation", "この要求には応じられません / This expectation cannot be met"},
    {"version", "この HTTP の版には対応していません / This version of HTTP is not spoken"},
    {"invalid", "入力内容を確認してください / Please check what was entered"},
    {"busy", "混み合っています。しばらくしてからお試しください / Busy; please try again in a while"},
    {"unavailable",
     "無害化サービスが応答していません。しばらくしてからお試しください / The cleaner does not answer; please "
     "try again in "
     "a while"},
    {"decided", "すでに決定されています / It has been decided already"},
    {"not-kept", "原本の保存期間は過ぎています / The original is not kept any more"},
    {"kept", "保全中のため削除できません / It is under legal hold and cannot be deleted"},
    {"unproven", "差出人が認証されていません / The sender is not authenticated"},
    {"no-space", "保存する場所が足りません / There is no room to store it"},
    {"internal", "内部エラーが起きました / Something went wrong here"},
};

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    out.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

bool captures(const std::string& segment) { return segment.size() > 2 && segment.front() == '{'; }

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return false;
  for (std::size_t i = 0; i < path.size(); ++i)
    if (captures(pattern[i]) ? path[i].empty() : pattern[i] != path[i]) return false;
  return true;
}

}  // namespace

std::string_view words_of(std::string_view code) {
  for (const Words& words : kWords)
    if (words.code == code) return words.text;
  return "エラーが発生しました / An error occurred";
}

std::string Body::all(std::size_t max) {
  if (length() && *length() > max) throw Problem{413, "too-large", {}};
  std::string out;
  for (;;) {
    const std::size_t before = out.size();
    const std::size_t room = std::min<std::size_t>(max + 1 - before, 16u << 10);
    out.resize(before + room);
    const std::size_t count = read(out.data() + before, room);
    out.resize(before + count);
    if (count == 0) return out;
    if (out.size() > max) throw Problem{413, "too-large", {}};
  }
}

std::string_view Request::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

Response Response::json(std::string text, int status) {
  Response out;
  out.status = status;
  out.headers.emplace_back("Content-Type", "application/json");
  out.content = std::move(text);
  return out;
}

Response Response::empty(int status) {
  Response out;
  out.status = status;
  return out;
}

Response Response::problem(const Problem& problem) {
  JsonText text;
  text.begin_object().member("type", "about:blank");
  text.member("title", problem.title.empty() ? words_of(problem.code) : std::string_view(problem.title));
  text.member("status", problem.status).member("code", problem.code);
  if (!problem.fields.empty()) {
    text.key("fields").begin_array();
    for (const std::string& field : problem.fields) text.value(field);
    text.end_array();
  }
  Response out;
  out.status = problem.status;
  out.headers.emplace_back("Content-Type", "application/problem+json");
  for (const auto& [name, value] : problem.headers) out.headers.emplace_back(name, value);
  out.content = text.end_object().take();
  return out;
}

void Router::on(std::string method, const std::string& pattern, Handler handler) {
  routes_.push_back({std::move(method), split(pattern), std::move(handler)});
}

void Router::otherwise(Handler handler) { otherwise_ = std::move(handler); }

Response Router::route(Request& request) const {
  const std::vector<std::string> path = split(request.path);
  // Of patterns that fit, those with the fewest names in braces: "/invitations/open" is no
  // "/invitations/{id}".
  const auto captured = [](const Route& route) {
    return std::count_if(route.segments.begin(), route.segments.end(), captures);
  };
  std::ptrdiff_t fewest = PTRDIFF_MAX;
  for (const Route& route : routes_)
    if (fits(route.segments, path)) fewest = std::min<std::ptrdiff_t>(fewest, captured(route));
  const Route* chosen = nullptr;
  std::string allowed;
  for (const Route& route : routes_) {
    if (captured(route) != fewest || !fits(route.segments, path)) continue;
    if (allowed.find(route.method) == std::string::npos)
      allowed += (allowed.empty() ? "" : ", ") + route.method + (route.method == "GET" ? ", HEAD" : "");
    if (route.method == request.method) chosen = &route;
    if (chosen == nullptr && request.method == "HEAD" && route.method == "GET") chosen = &route;
  }
  if (chosen == nullptr && !allowed.empty()) throw Problem{405, "method", {}, {}, {{"Allow", allowed}}};
  if (chosen == nullptr) {
    if (!otherwise_) throw Problem{404, "not-found", {}};
    return otherwise_(request);
  }
  for (std::size_t i = 0; i < path.size(); ++i)
    if (captures(chosen->segments[i]))
      request.captured[chosen->segments[i].substr(1, chosen->segments[i].size() - 2)] = path[i];
  return chosen->handler(request);
}

}  // namespace kiyome::http
