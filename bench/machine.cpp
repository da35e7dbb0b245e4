#include "bench/machine.hpp"

#include <fstream>
#include <sched.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace varve::bench {
namespace {

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos)
      return line.substr(colon + 2);
  }
  return "unknown";
}

unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0)
    return 1;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

constexpr bool optimised =
#ifdef __OPTIMIZE__
    true;
#else
    false;
#endif

constexpr bool sanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    true;
#else
    false;
#endif
#else
        false;
#endif

} // namespace

machine describe_machine() {
  machine here{.cpu = cpu_name(), .cores = usable_cores(), .kernel = "unknown", .build = {}};
  utsname names{};
  if (uname(&names) == 0)
    here.kernel = std::string(names.sysname) + ' ' + names.release;
#ifdef __clang__
  here.build = "clang " __clang_version__;
#else
  here.build = "g++ " __VERSION__;
#endif
  here.build += optimised ? ", optimised" : ", not optimised";
  if (sanitized)
    here.build += ", with sanitizers";
  return here;
}

std::vector<std::string> reasons_to_doubt() {
  std::vector<std::string> reasons;
  if (!optimised)
    reasons.push_back("this program was built without optimisation: use the preset release");
  if (sanitized)
    reasons.push_back("this program was built with sanitizers: use the preset release");
  std::ifstream governor("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  std::string name;
  if (governor >> name && name == "powersave")
    reasons.push_back("the processor's governor is powersave");
  return reasons;
}

double cpu_seconds_of_others() {
  std::ifstream all("/proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softirq = 0;
  if (!(all >> name >> user >> nice >> system >> idle >> wait >> irq >> softirq))
    return 0;
  tms own{};
  times(&own);
  auto ours = own.tms_utime + own.tms_stime + own.tms_cutime + own.tms_cstime;
  return (user + nice + system + irq + softirq - static_cast<double>(ours)) /
         static_cast<double>(sysconf(_SC_CLK_TCK));
}

} // namespace varve::bench
