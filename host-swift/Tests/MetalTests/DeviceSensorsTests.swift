#if os(Linux)
  import Testing

  @testable import Metal

  @Suite struct DeviceSensorsTests {
    private func sensors(
      _ temperature: Int? = 50, power: Double? = 200, limit: Double? = 700, throttling: DeviceSensors.Throttling = []
    ) -> DeviceSensors {
      DeviceSensors(
        temperature: temperature, shutdownTemperature: 95, slowdownTemperature: 87, power: power, powerLimit: limit, throttling: throttling)
    }

    @Test func theStateIsThatOfTheWorstReading() {
      #expect(sensors().state == .nominal)
      #expect(sensors(77, power: 560).state == .nominal)
      #expect(sensors(77, power: 561).state == .fair)
      // Power alone does not make it hot: with enough air it goes on for ever.
      #expect(sensors(76, power: 700).state == .nominal)
      #expect(sensors(nil, power: 561).state == .fair)
      #expect(sensors(throttling: .powerCap).state == .fair)
      #expect(sensors(86).state == .nominal)
      #expect(sensors(87).state == .serious)
      #expect(sensors(92).state == .critical)
      #expect(sensors(throttling: [.powerCap, .thermal]).state == .serious)
      #expect(sensors(throttling: .hardware).state == .serious)
    }

    @Test func whatTheDeviceDoesNotTellCountsForNothing() {
      let silent = DeviceSensors(
        temperature: nil, shutdownTemperature: nil, slowdownTemperature: nil, power: nil, powerLimit: nil, throttling: [])
      #expect(silent.state == .nominal)
      #expect(sensors(power: 500, limit: 0).state == .nominal)
    }

    @Test func throttlingIsNamed() {
      // Bit 0 is an idle GPU, which is none.
      #expect(sensors(throttling: .init(rawValue: 0x25)).throttlingNames == ["power cap", "thermal slowdown"])
    }
  }
#endif
