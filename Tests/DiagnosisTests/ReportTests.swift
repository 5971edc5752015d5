import Architecture
import Diagnosis
import Journal
import Testing

private let snapshot = healthy().with(2, 0) { $0.halt(since: .seconds(9), rflags: 2) }

@Test func `the text form has a paragraph per finding`() {
  let text = Report(snapshot, findings: diagnose(snapshot, noEvents)).text()
  #expect(
    text == """
      10.000 000 s  epoch 0  4 contexts  1 finding

      2.0  S5  proved  medium  since 9.000 000 s (1.0s)  halted with IF=0
        [x] 2.0 is the active context of its VP and is halted
        [x] RFLAGS 2: IF is 0
        [ ] an NMI or INIT is pending
        [ ] interrupts wait in its IRR
        cause:  HLT before ffff800000001234 with RFLAGS 2, 9.000 000 s (1.0s ago)
        try:    an NMI or INIT to 2.0; in the guest: STI before HLT

      """)
}

@Test func `the JSON form has a schema, a version and the findings`() {
  let json = Report(snapshot, findings: diagnose(snapshot, noEvents)).json
  #expect(
    json == """
      {
        "schema": "vtlscope.why",
        "version": 2,
        "time": 10000000000,
        "epoch": 0,
        "findings": [
          {
            "code": "S5",
            "certainty": "proved",
            "severity": "medium",
            "context": "2.0",
            "pin": null,
            "route": null,
            "since": 9000000000,
            "title": "halted with IF=0",
            "evidence": [
              {"holds": true, "text": "2.0 is the active context of its VP and is halted"},
              {"holds": true, "text": "RFLAGS 2: IF is 0"},
              {"holds": false, "text": "an NMI or INIT is pending"},
              {"holds": false, "text": "interrupts wait in its IRR"}
            ],
            "effect": "",
            "cause": "HLT before ffff800000001234 with RFLAGS 2, 9.000 000 s (1.0s ago)",
            "remedy": "an NMI or INIT to 2.0; in the guest: STI before HLT",
            "doubt": "",
            "journey": null,
            "chain": [],
            "causes": []
          }
        ]
      }

      """)
}

@Test func `no findings are an empty list`() {
  let report = Report(healthy(), findings: [])
  #expect(report.text() == "10.000 000 s  epoch 0  4 contexts  no findings\n")
  #expect(report.json.contains("\"findings\": []"))
}

@Test func `a guest's symbol cannot write to the terminal`() {
  let symbols = SymbolTable(
    [.init(address: 0xFFFF_8000_0000_0000, name: "a\u{1b}]52;c;\u{9b}31m")], end: 0xFFFF_8000_0001_0000)
  let text = Report(snapshot, findings: diagnose(snapshot, noEvents, symbols: symbols)).text()
  #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && $0.value < 0x7F })
}

@Test func `a circle says who waits for whom`() {
  let one = Case.circle
  #expect(
    Report(one.snapshot, findings: one.findings).text(width: 80) == """
      10.000 000 s  epoch 0  4 contexts  1 finding

      1.0  chain  likely  medium  since 9.901 000 s (99.0ms)  1.0 and 2.0 wait for
          each other
        [x] #5 from 1.0 still waits in the IRR of 2.0, for 99.0ms
        [x] #6 from 2.0 still waits in the IRR of 1.0, for 100.0ms
        [x] 1.0 has sent nothing since
        [x] 2.0 has sent nothing since
        [x] 1.0: 41 waits: IF=0
        [x] 2.0: 41 waits: IF=0
        chain:  1.0 waits #5 > 2.0 waits #6 > 1.0 (cycle)
        cause:  1.0: 41 waits: IF=0; 2.0: 41 waits: IF=0
        try:    one of them takes its interrupt while it waits
        doubt:  whether a sender really waits is not visible

      """)
}

@Test func `the JSON of a pin has no context, and its chain says who waits, why, and for what`() {
  let one = Case.wedged.with(1, 0) { $0.halt(since: .milliseconds(9_100), rflags: 0x202) }
  let json = Report(one.snapshot, findings: one.findings).json
  #expect(json.contains("\"code\": \"S21\""))
  #expect(
    json.contains(
      """
            "context": null,
            "pin": 4,
            "route": null,
            "since": 9000000000,
      """))
  #expect(
    json.contains(
      "{\"waiter\": \"1.0\", \"why\": \"line\", \"journey\": null, \"context\": null, \"pin\": 4, \"route\": null, "
        + "\"code\": \"S21\", \"since\": 9100000000}"))
}

@Test func `the causes of a circle are whole findings inside of it`() throws {
  let one = Case.circle.with(1, 0) {
    $0.rflags = 0x202
    $0.setTaskPriority(0x50, at: .milliseconds(9_000))
  }
  let circle = try #require(one.findings.first)
  #expect(one.findings.count == 1 && circle.causes.map(\.code) == [.taskPriorityBlocks])
  let json = Report(one.snapshot, findings: one.findings).json
  #expect(json.contains("\"code\": \"chain\"") && json.contains("\"code\": \"S1\""))
}

@Test(arguments: Case.all) func `no line of the text is longer than asked for, where words allow`(one: Case) {
  for width in [40, 80, 100] {
    for line in Report(one.snapshot, findings: one.findings).text(width: width).split(separator: "\n").dropFirst() {
      #expect(line.unicodeScalars.count <= width || !line.dropFirst(12).contains(" "), "\(line)")
    }
  }
}
