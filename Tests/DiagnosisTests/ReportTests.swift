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
