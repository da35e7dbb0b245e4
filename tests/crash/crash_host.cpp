// A real process with a real engine, to be killed: see host_life.hpp. crash_host key=value …
#include "tests/crash/host_life.hpp"

#include <cstdlib>
#include <iostream>
#include <signal.h>
#include <sstream>
#include <sys/prctl.h>
#include <unistd.h>

using namespace varve;
using namespace varve::test;

namespace {

bool take(host_options& to, const std::string& key, const std::string& value) {
  auto number = [&] { return std::strtoull(value.c_str(), nullptr, 10); };
  auto small = [&] { return static_cast<unsigned>(number()); };
  if (key == "data")
    to.data = value;
  else if (key == "dest")
    to.destination = value;
  else if (key == "seed")
    to.seed = number();
  else if (key == "life")
    to.life = number();
  else if (key == "host")
    to.host = number();
  else if (key == "tenants")
    to.tenants = small();
  else if (key == "streams")
    to.streams = small();
  else if (key == "statements")
    to.statements = small();
  else if (key == "closes")
    to.closes = small();
  else if (key == "first") {
    std::istringstream words(value);
    std::uint64_t tenant = 0, stream = 0, from = 0;
    words >> tenant >> stream >> from;
    to.first[{tenant, stream}] = from;
    return !words.fail();
  } else {
    return false;
  }
  return true;
}

} // namespace

int main(int count, char** words) {
  // Nobody is left behind, however the parent ends.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() == 1)
    return 1;
  host_options options;
  for (int i = 1; i < count; ++i) {
    std::string word = words[i];
    auto equals = word.find('=');
    if (equals == std::string::npos || !take(options, word.substr(0, equals), word.substr(equals + 1))) {
      std::cerr << "crash_host: what is '" << word << "'?\n";
      return 2;
    }
  }
  return host_life(options).run() ? 0 : 1;
}
