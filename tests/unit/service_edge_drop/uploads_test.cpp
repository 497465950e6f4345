// Uploads over real sockets.
#include "tests/unit/service_edge_drop/drop_fixture.h"

#include <sys/stat.h>

using namespace drop_test;

TEST_CASE("upload: what the server can do is told to anybody") {
  Edge edge;
  const Answer answer = edge.ask("OPTIONS", "/uploads", "");
  CHECK(answer.status == 204);
  CHECK(answer.headers.at("tus-version") == "1.0.0");
  CHECK(answer.headers.at("tus-extension") == "creation,termination");
  CHECK(answer.headers.at("tus-max-size") == std::to_string(edge.config.file_bytes_max));
}

TEST_CASE("upload: created, continued in pieces, complete") {
  Edge edge;
  const std::string content = octets(700000);
  const Answer created = edge.create(content.size());
  CHECK(created.status == 201);
  CHECK(created.headers.at("tus-resumable") == "1.0.0");
  const std::string id = created.headers.at("location").substr(16);
  CHECK(edge.offset_of(id) == "0");
  CHECK(edge.patch(id, 0, content.substr(0, 300000)).headers.at("upload-offset") == "300000");
  const Answer head = edge.tus("HEAD", "/uploads/" + id);
  CHECK(head.status == 200);
  CHECK(head.headers.at("upload-offset") == "300000");
  CHECK(head.headers.at("upload-length") == "700000");
  CHECK(head.headers.at("upload-metadata") == "filename " + base64("申請書.docx"));
  CHECK(head.headers.at("cache-control") == "no-store");
  CHECK(edge.patch(id, 300000, content.substr(300000)).status == 204);
  CHECK(edge.offset_of(id) == "700000");
  CHECK(store::test::read_file(edge.uploads() + "/" + id) == content);
  struct stat status {};
  REQUIRE(::stat((edge.uploads() + "/" + id).c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("upload: an empty file is whole at once") {
  Edge edge;
  const std::string id = edge.begun(0);
  CHECK(edge.patch(id, 0, "").status == 204);
  CHECK(edge.submit({id}).status == 201);
}

TEST_CASE("upload: a client of another version hears 412 and which version is spoken") {
  Edge edge;
  for (const char* version : {"0.2.2", "1.0.1", ""}) {
    Headers headers = {{"Upload-Length", "1"}, {"Upload-Metadata", "filename YQ=="}};
    if (*version != 0) headers["Tus-Resumable"] = version;
    const Answer answer = edge.ask("POST", "/uploads", "sato", headers);
    CHECK(answer.status == 412);
    CHECK(answer.headers.at("tus-version") == "1.0.0");
  }
  CHECK(edge.upload_files() == 0);
}

TEST_CASE("upload: what is malformed is refused, each by its name") {
  Edge edge;
  const auto create = [&](const Headers& headers) { return edge.tus("POST", "/uploads", "sato", headers); };
  const std::string named = "filename " + base64("a.txt");
  CHECK(create({{"Upload-Metadata", named}}).status == 400);
  CHECK(create({{"Upload-Length", "-1"}, {"Upload-Metadata", named}}).status == 400);
  CHECK(create({{"Upload-Length", "1x"}, {"Upload-Metadata", named}}).status == 400);
  CHECK(create({{"Upload-Length", "1"}, {"Upload-Metadata", "filename ?"}}).status == 400);
  CHECK(create({{"Upload-Length", "1"}}).code() == "invalid");
  CHECK(create({{"Upload-Length", "1"}, {"Upload-Metadata", "filename " + base64("..")}}).status == 422);
  CHECK(create({{"Upload-Length", "99999999999999999999"}, {"Upload-Metadata", named}}).status == 400);
  CHECK(
      create({{"Upload-Length", std::to_string(edge.config.file_bytes_max + 1)}, {"Upload-Metadata", named}})
          .code() == "too-large");
  CHECK(edge.upload_files() == 0);
  CHECK(create({{"Upload-Length", std::to_string(edge.config.file_bytes_max)}, {"Upload-Metadata", named}})
            .status == 201);
}

TEST_CASE("upload: a PATCH elsewhere than where it stands is 409, and changes nothing") {
  Edge edge;
  const std::string id = edge.begun(10);
  CHECK(edge.patch(id, 0, "12345").status == 204);
  for (const std::uint64_t offset : {0, 4, 6, 10, 11}) {
    const Answer answer = edge.patch(id, offset, "x");
    CHECK(answer.status == (offset == 10 ? 413 : 409));  // at the end there is no room for one more
    if (answer.status == 409) CHECK(answer.headers.at("upload-offset") == "5");
  }
  CHECK(edge.patch(id, 5, "67890").status == 204);
  CHECK(store::test::read_file(edge.uploads() + "/" + id) == "1234567890");
}

TEST_CASE("upload: content of another type is 415") {
  Edge edge;
  const std::string id = edge.begun(1);
  const Headers headers = {{"Upload-Offset", "0"}, {"Content-Type", "application/octet-stream"}};
  CHECK(edge.tus("PATCH", "/uploads/" + id, "sato", headers, "x").status == 415);
  CHECK(edge.offset_of(id) == "0");
  CHECK(edge.patch(id, 0, "x").status == 204);
}

TEST_CASE("upload: more than was declared is refused, by length before it comes and in chunks when it does") {
  Edge edge;
  const std::string id = edge.begun(10);
  CHECK(edge.patch(id, 0, "12345678901").code() == "too-large");
  CHECK(edge.offset_of(id) == "0");
  Connection connection(edge.life->port);
  connection.say(Edge::request("PATCH", "/uploads/" + id, edge.tokens["sato"],
                               {{"Tus-Resumable", "1.0.0"},
                                {"Upload-Offset", "0"},
                                {"Transfer-Encoding", "chunked"},
                                {"Content-Type", "application/offset+octet-stream"}},
                               std::nullopt) +
                 "6\r\n123456\r\n6\r\n7890xx\r\n0\r\n\r\n");
  CHECK(connection.answer().code() == "too-large");
  CHECK(edge.offset_of(id) == "10");
  CHECK(store::test::read_file(edge.uploads() + "/" + id) == "1234567890");
}

TEST_CASE("upload: chunked pieces come whole") {
  Edge edge;
  const std::string id = edge.begun(10);
  Connection connection(edge.life->port);
  connection.say(Edge::request("PATCH", "/uploads/" + id, edge.tokens["sato"],
                               {{"Tus-Resumable", "1.0.0"},
                                {"Upload-Offset", "0"},
                                {"Transfer-Encoding", "chunked"},
                                {"Content-Type", "application/offset+octet-stream"}},
                               std::nullopt) +
                 "6\r\n123456\r\n4\r\n7890\r\n0\r\n\r\n");
  CHECK(connection.answer().headers["upload-offset"] == "10");
}

TEST_CASE("upload: what came before a connection broke is kept, and survives a restart") {
  Edge edge;
  const std::string content = octets(3000000);
  const std::string id = edge.begun(content.size());
  std::size_t sent = 0;
  for (int cut = 0; cut < 3; ++cut) {
    Connection connection(edge.life->port);
    connection.say(Edge::request("PATCH", "/uploads/" + id, edge.tokens["sato"],
                                 {{"Tus-Resumable", "1.0.0"},
                                  {"Upload-Offset", std::to_string(sent)},
                                  {"Content-Type", "application/offset+octet-stream"}},
                                 content.size() - sent));
    connection.say(std::string_view(content).substr(sent, 700000));
    connection.close();
    sent += 700000;
    CHECK(soon([&] { return edge.come(id) == sent; }));
    CHECK(edge.offset_of(id) == std::to_string(sent));
    if (cut == 1) edge.restart();
  }
  CHECK(edge.offset_of(id) == "2100000");
  CHECK(edge.patch(id, sent, content.substr(sent)).status == 204);
  CHECK(store::test::read_file(edge.uploads() + "/" + id) == content);
}

TEST_CASE("upload: octets that nobody was told of are cut after a crash") {
  Edge edge;
  const std::string id = edge.begun(100);
  CHECK(edge.patch(id, 0, "certain").status == 204);
  edge.stop();
  { std::ofstream(edge.uploads() + "/" + id, std::ios::binary | std::ios::app) << "perhaps"; }
  edge.start();
  CHECK(edge.offset_of(id) == "7");
  CHECK(store::test::read_file(edge.uploads() + "/" + id) == "certain");
  CHECK(edge.patch(id, 7, " and more").status == 204);
}

TEST_CASE("upload: an upload whose file the disk has lost begins again; files of nobody go") {
  Edge edge;
  const std::string id = edge.begun(100);
  CHECK(edge.patch(id, 0, "certain").status == 204);
  edge.stop();
  std::filesystem::remove(edge.uploads() + "/" + id);
  store::test::write_file(edge.uploads() + "/" + new_item_id().text(), "of nobody");
  edge.start();
  CHECK(edge.offset_of(id) == "0");
  CHECK(edge.upload_files() == 1);
}

TEST_CASE("upload: a newer transfer takes over from one whose connection is silent") {
  Edge edge;
  const std::string id = edge.begun(10);
  Connection silent(edge.life->port);
  silent.say(Edge::request("PATCH", "/uploads/" + id, edge.tokens["sato"],
                           {{"Tus-Resumable", "1.0.0"},
                            {"Upload-Offset", "0"},
                            {"Content-Type", "application/offset+octet-stream"}},
                           10) +
             "1234");
  CHECK(soon([&] { return edge.come(id) == 4; }));
  CHECK(edge.patch(id, 4, "567890").status == 204);
  silent.say("XXXXXX");
  CHECK(silent.answer().status == 409);
  CHECK(edge.offset_of(id) == "10");
  CHECK(store::test::read_file(edge.uploads() + "/" + id) == "1234567890");
}

TEST_CASE("upload: who asks where it stands goes on from there, whatever an older transfer still has") {
  Edge edge;
  const std::string id = edge.begun(10);
  Connection older(edge.life->port);
  older.say(Edge::request("PATCH", "/uploads/" + id, edge.tokens["sato"],
                          {{"Tus-Resumable", "1.0.0"},
                           {"Upload-Offset", "0"},
                           {"Content-Type", "application/offset+octet-stream"}},
                          10) +
            "1234");
  CHECK(soon([&] { return edge.come(id) == 4; }));
  CHECK(edge.tus("HEAD", "/uploads/" + id, "suzuki").status == 404);  // another's question ends nothing
  CHECK(edge.offset_of(id) == "4");
  older.say("56XXXX");
  CHECK(older.answer().code() == "wrong-offset");
  CHECK(edge.offset_of(id) == "4");
  CHECK(edge.patch(id, 4, "567890").status == 204);
  CHECK(store::test::read_file(edge.uploads() + "/" + id) == "1234567890");
}

TEST_CASE("upload: dropped, it is gone for good, and its transfer ends") {
  Edge edge;
  const std::string id = edge.begun(10);
  Connection busy(edge.life->port);
  busy.say(Edge::request("PATCH", "/uploads/" + id, edge.tokens["sato"],
                         {{"Tus-Resumable", "1.0.0"},
                          {"Upload-Offset", "0"},
                          {"Content-Type", "application/offset+octet-stream"}},
                         10) +
           "1234");
  CHECK(soon([&] { return edge.come(id) == 4; }));
  CHECK(edge.tus("DELETE", "/uploads/" + id).status == 204);
  busy.say("567890");
  CHECK(busy.answer().status == 409);
  for (const char* method : {"HEAD", "DELETE"}) CHECK(edge.tus(method, "/uploads/" + id).status == 410);
  CHECK(edge.patch(id, 4, "5").code() == "gone");
  CHECK(edge.upload_files() == 0);
  edge.restart();
  CHECK(edge.tus("HEAD", "/uploads/" + id).status == 410);
}

TEST_CASE("upload: PATCH and DELETE pass as POST with X-HTTP-Method-Override") {
  Edge edge;
  const std::string id = edge.begun(3);
  CHECK(edge.tus("POST", "/uploads/" + id, "sato",
                 {{"X-HTTP-Method-Override", "PATCH"},
                  {"Upload-Offset", "0"},
                  {"Content-Type", "application/offset+octet-stream"}},
                 "abc")
            .status == 204);
  CHECK(edge.tus("POST", "/uploads/" + id, "sato", {{"X-HTTP-Method-Override", "PUT"}}).status == 405);
  CHECK(edge.tus("POST", "/uploads/" + id, "sato", {{"X-HTTP-Method-Override", "DELETE"}}).status == 204);
}

TEST_CASE("upload: nobody signed in is 401, another role is 403, another's upload is not there") {
  Edge edge;
  const std::string id = edge.begun(3);
  const std::string path = "/uploads/" + id;
  for (const char* method : {"HEAD", "PATCH", "DELETE"}) {
    const Headers headers = {{"Upload-Offset", "0"}};
    CHECK(edge.tus(method, path, "", headers).status == 401);
    CHECK(edge.tus(method, path, "staff", headers).status == 403);
    const Answer others = edge.tus(method, path, "suzuki", headers);
    const Answer nobodys = edge.tus(method, "/uploads/" + new_item_id().text(), "suzuki", headers);
    CHECK(others.status == 404);
    CHECK(others.body == nobodys.body);
    CHECK(others.headers.at("tus-resumable") == "1.0.0");
  }
  CHECK(edge.create(3, "a", "").status == 401);
  CHECK(edge.create(3, "a", "staff").status == 403);
  CHECK(edge.patch(id, 0, "abc").status == 204);
}

TEST_CASE("upload: an id that is none is not there") {
  Edge edge;
  const std::string id = edge.begun(3);
  std::string upper = id;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  for (const std::string& bad : {std::string("x"), upper, id + "0", id.substr(1), std::string("drop.sqlite")})
    if (bad != id) CHECK_MESSAGE(edge.tus("HEAD", "/uploads/" + bad).status == 404, bad);
}

TEST_CASE(
    "upload: a day's octets are bounded, dropped ones count as far as they came, and a day later it begins "
    "anew") {
  Edge edge;
  edge.config.day_bytes_max = 1000;
  edge.restart();
  const std::string first = edge.begun(600);
  const Answer refused = edge.create(401);
  CHECK(refused.status == 429);
  CHECK(refused.code() == "quota");
  CHECK(refused.headers.contains("retry-after"));
  CHECK(edge.upload_files() == 1);
  CHECK(edge.create(401, "a", "suzuki").status == 201);  // his own day
  CHECK(edge.create(300).status == 201);
  CHECK(edge.patch(first, 0, std::string(100, 'x')).status == 204);
  CHECK(edge.tus("DELETE", "/uploads/" + first).status == 204);
  CHECK(edge.ask("GET", "/drop-box").says("\"day_bytes_left\":600"));
  CHECK(edge.create(601).status == 429);
  CHECK(edge.create(600).status == 201);
  edge.later_ms = 24 * 3600 * 1000 + 1000;
  CHECK(edge.create(1000).status == 201);
}

TEST_CASE(
    "upload: without room on the disk it is 507, before and while it comes, and goes on when there is room") {
  Edge edge;
  const std::string id = edge.begun(1000);
  edge.room = 5;
  CHECK(edge.create(10).status == 507);
  CHECK(edge.patch(id, 0, std::string(1000, 'x')).code() == "no-space");
  edge.room = 5000;
  CHECK(edge.patch(id, 0, std::string(1000, 'x')).status == 204);
}

TEST_CASE("upload: nobody goes on with it, and it is dropped; one that is gone on with is not") {
  Edge edge;
  edge.config.upload_hours = 2;
  edge.restart();
  const std::string idle = edge.begun(100), going_on = edge.begun(100), whole = edge.uploaded("abc");
  const std::string sent = edge.uploaded("sent");
  CHECK(edge.submit({sent}).status == 201);
  edge.later_ms = 90 * 60 * 1000;
  CHECK(edge.patch(going_on, 0, "x").status == 204);
  edge.later_ms = 130 * 60 * 1000;
  CHECK(soon([&] { return edge.tus("HEAD", "/uploads/" + idle).status == 410; }));
  CHECK(soon([&] { return edge.tus("HEAD", "/uploads/" + whole).status == 410; }));  // was never sent
  CHECK(edge.tus("HEAD", "/uploads/" + going_on).status == 200);
  CHECK(soon([&] { return edge.upload_files() == 1; }));  // what was sent goes a moment later
}

TEST_CASE("upload: fifty at once come whole") {
  Edge edge;
  constexpr std::size_t kUploads = 50;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < kUploads; ++i) ids.push_back(edge.begun(1000000));
  std::vector<std::unique_ptr<Connection>> connections;
  for (std::size_t i = 0; i < kUploads; ++i) {
    connections.push_back(std::make_unique<Connection>(edge.life->port));
    connections[i]->say(Edge::request("PATCH", "/uploads/" + ids[i], edge.tokens["sato"],
                                      {{"Tus-Resumable", "1.0.0"},
                                       {"Upload-Offset", "0"},
                                       {"Content-Type", "application/offset+octet-stream"}},
                                      1000000));
  }
  for (std::size_t piece = 0; piece < 10; ++piece)
    for (std::size_t i = 0; i < kUploads; ++i)
      connections[i]->say(octets(1000000, unsigned(i)).substr(piece * 100000, 100000));
  for (std::size_t i = 0; i < kUploads; ++i) {
    CHECK(connections[i]->answer().status == 204);
    CHECK(store::test::read_file(edge.uploads() + "/" + ids[i]) == octets(1000000, unsigned(i)));
  }
}
