@testable import CloudCore
import CloudSim
import Testing

@Suite("JSON: strict reading, safe writing")
struct JSONTests {
    @Test(
        "what RFC 8259 allows is read",
        arguments: [
            ("null", JSON.null), (" true\n", true), ("[1,-0,2.5e3]", [1, 0, .number(2500)]), ("{}", [:]),
            (#"{"a":{"b":[null]}}"#, ["a": ["b": [nil]]]), (#""\u00e9\n\/\ud83d\ude00""#, "é\n/😀"),
            ("9223372036854775807", .integer(.max)), ("9223372036854775808", .number(9223372036854775808)),
        ] as [(String, JSON)])
    func reads(_ text: String, _ value: JSON) throws { #expect(try JSON.parse(text) == value) }

    @Test(
        "what it does not allow is refused",
        arguments: [
            "", " ", "nul", "truex", "01", "-", "1.", ".5", "+1", "1e", "1e999", "0x1", "NaN", "[1,]", "[1 2]", "[",
            "]", "{",
            #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{a:1}"#, #"{"a":1,"a":2}"#, "{} {}", "'a'", "\"a", "\"\u{1}\"",
            #""\x""#,
            #""\u12""#, #""\u+123""#, #""\ud800""#, #""\ud800\u0041""#, #""\udc00""#, "// no\n1", "\u{FEFF}1",
        ])
    func refuses(_ text: String) {
        let error = #expect(throws: CloudError.self) { try JSON.parse(text) }
        #expect(error?.code == .invalid)
    }

    @Test("bytes that are no UTF-8 are refused")
    func encoding() {
        for bytes: [UInt8] in [[0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]] {
            #expect(throws: CloudError.self) { try JSON.parse(bytes) }
        }
    }

    @Test("depth is bounded, and the bound is the caller's")
    func depth() throws {
        let nested = { (count: Int) in String(repeating: "[", count: count) + String(repeating: "]", count: count) }
        _ = try JSON.parse(nested(32))
        #expect(throws: CloudError.self) { try JSON.parse(nested(33)) }
        #expect(throws: CloudError.self) { try JSON.parse(nested(2), depth: 1) }
        #expect(throws: CloudError.self) { try JSON.parse(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: CloudError.self) { try JSON.parse(String(repeating: #"{"a":"#, count: 100_000)) }
    }

    @Test("whatever bytes come, the parser answers and does not crash, and what it reads it writes back")
    func fuzz() {
        let dice = SeededDice(7)
        let seeds = [
            #"{"a":[1,2.5,"x\u00e9",null,true],"b":{"c":"\ud83d\ude00"}}"#, "[[[[]]]]", "-12.5e-3", #""\\\"""#,
        ]
        var read = 0
        for round in 0..<4000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0...dice.below(4) where !bytes.isEmpty {
                let place = dice.below(bytes.count)
                switch dice.below(4) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: dice.roll())
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: bytes[..<place], at: place)
                default: bytes.insert(Array("{}[],:\"\\0e-".utf8)[dice.below(11)], at: place)
                }
            }
            guard let value = try? JSON.parse(bytes) else { continue }
            read += 1
            #expect((try? JSON.parse(value.text)) == value, "\(bytes)")
        }
        #expect(read > 100)
    }

    @Test("text cannot break out of what is written, and object keys have one order")
    func writes() throws {
        let hostile = "\" , \\ \u{0} \u{1f} \u{7f} \n </script> \u{2028} é 😀"
        let value: JSON = ["b": .string(hostile), "a": [1, .number(1.5), nil, true, [:], []]]
        #expect(value.text.hasPrefix(#"{"a":[1,1.5,null,true,{},[]],"b":"\" , \\ \u0000 \u001f \u007f \n </script>"#))
        #expect(try JSON.parse(value.text) == value)
        #expect(JSON.number(.infinity).text == "null")
        for scalar in (0..<0x300).compactMap(Unicode.Scalar.init) {
            let one = JSON.string(String(Character(scalar)))
            #expect(try JSON.parse(one.text) == one)
        }
    }
}
