import Testing

@testable import BurstEnvironment

@Suite struct HostEnvironmentTests {
  @Test("what is not set, or empty, is at its default and no problem")
  func defaults() {
    for variables in [[:], ["WASMBURST_CPU_THREADS": "", "WASMBURST_TRACE": "", "WASMBURST_TEST_FAULT": ""]] {
      let environment = HostEnvironment(variables)
      #expect(environment.cpuThreads == nil && environment.threadgroupWidth == nil && environment.residentThreads == nil)
      #expect(environment.fault == nil)
      #expect(!environment.tracesRequests && !environment.checksKernels && environment.buildsInUnits)
      #expect(environment.problems == [])
    }
  }

  @Test("values of the right form are taken")
  func values() {
    let environment = HostEnvironment([
      "WASMBURST_CPU_THREADS": "1024", "WASMBURST_THREADGROUP": "1", "WASMBURST_RESIDENT": "0", "WASMBURST_TEST_FAULT": "3:/a:b",
      "WASMBURST_TRACE": "1", "WASMBURST_CPU_CHECKS": "0", "WASMBURST_NVRTC_UNITS": "0",
    ])
    #expect(environment.cpuThreads == 1024)
    #expect(environment.threadgroupWidth == 1)
    #expect(environment.residentThreads == 0)
    #expect(environment.fault == .init(commandBuffer: 3, file: "/a:b"))
    #expect(environment.tracesRequests && !environment.checksKernels && !environment.buildsInUnits)
    #expect(environment.problems == [])
  }

  @Test(
    "a value of another form is named, with what was expected",
    arguments: [
      ("WASMBURST_CPU_THREADS", "abc", "a whole number from 1 to 1024"),
      ("WASMBURST_CPU_THREADS", "0", "a whole number from 1 to 1024"),
      ("WASMBURST_CPU_THREADS", "5000", "a whole number from 1 to 1024"),
      ("WASMBURST_CPU_THREADS", "99999999999999999999", "a whole number from 1 to 1024"),
      ("WASMBURST_CPU_THREADS", " 2", "a whole number from 1 to 1024"),
      ("WASMBURST_THREADGROUP", "100", "a whole number from 1 to 64"),
      ("WASMBURST_RESIDENT", "-5", "a whole number from 0 to 65536"),
      ("WASMBURST_TEST_FAULT", "soon", "NUMBER or NUMBER:FILE"),
      ("WASMBURST_TEST_FAULT", ":file", "NUMBER or NUMBER:FILE"),
      ("WASMBURST_TRACE", "yes", "1 or 0"),
      ("WASMBURST_CPU_CHECKS", "true", "1 or 0"),
      ("WASMBURST_NVRTC_UNITS", "2", "1 or 0"),
    ])
  func problems(name: String, text: String, expected: String) {
    #expect(HostEnvironment([name: text]).problems == ["\(name) is '\(text)': expected \(expected)"])
  }
}
