@testable import CloudCore
import CloudSim
import Testing

@Suite("Values: times, addresses, digits")
struct ValueTests {
    @Test(
        "moments are spelled as dates",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
            (-2_208_988_800, "1900-01-01T00:00:00Z"),
            (1_767_225_600, "2026-01-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
            (-86_400, "1969-12-31T00:00:00Z"),
        ])
    func moments(_ seconds: Int64, _ text: String) {
        #expect(Instant(microseconds: seconds * 1_000_000).text() == text)
    }

    @Test("fractions have six digits, before 1970 too")
    func fractions() {
        #expect(Instant(microseconds: 1_500_000).text(fraction: true) == "1970-01-01T00:00:01.500000Z")
        #expect(Instant(microseconds: -1).text(fraction: true) == "1969-12-31T23:59:59.999999Z")
        #expect(Instant(microseconds: 7).text(fraction: true) == "1970-01-01T00:00:00.000007Z")
    }

    @Test("an IPv4 address has one spelling")
    func addresses() {
        for text in ["0.0.0.0", "255.255.255.255", "10.0.0.1"] { #expect(IPv4(text)?.description == text) }
        for text in [
            "", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 ", "+1.2.3.4", "0x1.2.3.4", "1..2.3", "１.2.3.4",
        ] {
            #expect(IPv4(text) == nil, "\(text)")
        }
        #expect(IPv4("10.0.0.2")! < IPv4("10.0.0.10")!)
    }

    @Test("a network has no host bits, and knows what it holds")
    func networks() {
        for text in ["10.0.0.0/24", "0.0.0.0/0", "10.0.0.1/32", "128.0.0.0/1"] {
            #expect(CIDR(text)?.description == text)
        }
        for text in [
            "10.0.0.1/24", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/024", "10.0.0.0/+24", "10.0.0.0/24/1",
            "/24",
        ] {
            #expect(CIDR(text) == nil, "\(text)")
        }
        let block = CIDR("10.0.1.0/24")!
        #expect(
            block.last == IPAddress("10.0.1.255") && block.contains(IPAddress("10.0.1.7")!)
                && !block.contains(IPAddress("10.0.2.0")!))
        #expect(
            block.overlaps(CIDR("10.0.0.0/16")!) && CIDR("10.0.0.0/16")!.overlaps(block)
                && !block.overlaps(CIDR("10.0.2.0/24")!))
        #expect(CIDR("0.0.0.0/0")!.last == IPAddress("255.255.255.255") && CIDR("0.0.0.0/0")!.overlaps(block))
    }

    @Test("an IPv6 address is read in every spelling and written in one")
    func sixth() {
        for (text, canonical) in [
            ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("::", "::"), ("::1", "::1"), ("2001:db8::", "2001:db8::"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("fe80:0000::0001", "fe80::1"), ("::ffff:192.0.2.1", "::ffff:c000:201"),
        ] {
            #expect(IPv6(text)?.description == canonical && IPAddress(text)?.description == canonical, "\(text)")
        }
        for text in [
            "", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::12345", "::g", "::1%eth0", "::1.2.3",
            "1.2.3.4",
            "+1::", "1:2:3:4:5:6:7:8::",
        ] {
            #expect(IPv6(text) == nil, "\(text)")
        }
        #expect(IPv6("2001:db8::ffff")! < IPv6("2001:db8::1:0")! && IPAddress("255.0.0.1")! < IPAddress("::1")!)
    }

    @Test("a network is of either family, and of one")
    func sixthNetworks() {
        for text in ["2001:db8::/64", "::/0", "2001:db8::1/128", "fe80::/10"] {
            #expect(CIDR(text)?.description == text)
        }
        for text in ["2001:db8::1/64", "2001:db8::/129", "2001:db8::", "::/-1"] {
            #expect(CIDR(text) == nil, "\(text)")
        }
        let block = CIDR("2001:db8:0:1::/64")!
        #expect(block.last == IPAddress("2001:db8:0:1:ffff:ffff:ffff:ffff"))
        #expect(block.contains(IPAddress("2001:db8:0:1::7")!) && !block.contains(IPAddress("2001:db8:0:2::")!))
        #expect(CIDR("::/0")!.overlaps(block) && !CIDR("0.0.0.0/0")!.overlaps(block))
        #expect(!CIDR("0.0.0.0/0")!.contains(IPAddress("::")!) && CIDR("::/0")!.last.number == .max)
        #expect(Prefix("2001:db8::7/64")?.description == "2001:db8::/64" && Prefix("::1")?.length == 128)
        #expect(Prefix("10.0.0.9/8")?.description == "10.0.0.0/8" && Prefix("10.0.0.9/33") == nil)
    }

    @Test("a card's own address has its bits, the local one turned, around ff:fe")
    func cardAddresses() {
        let mac = MAC("fa:16:3e:12:34:56")!
        #expect(CIDR("2001:db8::/64")!.address(of: mac) == IPAddress("2001:db8::f816:3eff:fe12:3456"))
        #expect(CIDR("2001:db8::/48")!.address(of: mac) == nil && CIDR("10.0.0.0/24")!.address(of: mac) == nil)
    }

    @Test("a hardware address is one card's, in one spelling")
    func cards() {
        #expect(MAC("FA:16:3E:00:0a:ff")?.text == "fa:16:3e:00:0a:ff")
        for text in [
            "", "fa:16:3e:00:00", "fa:16:3e:00:00:0g", "fa:16:3e:00:00:+1", "fa:16:3e:00:0:001", "ff:ff:ff:ff:ff:ff",
            "01:00:5e:00:00:01", "fa-16-3e-00-00-01",
        ] {
            #expect(MAC(text) == nil, "\(text)")
        }
        let dice = SeededDice(1)
        for _ in 0..<100 { #expect(MAC.random(dice).text.hasPrefix("fa:16:3e:")) }
    }

    @Test("Base64 reads both alphabets, and nothing else")
    func base64() {
        for (text, plain) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg", "foob")] {
            #expect(Base64.decode(text.utf8) == Array(plain.utf8))
        }
        #expect(Base64.encode(Array("foob".utf8)) == "Zm9vYg==" && Base64.url([0xfb, 0xff]) == "-_8")
        #expect(Base64.decode("+/8=".utf8) == [0xfb, 0xff] && Base64.decode("-_8".utf8) == [0xfb, 0xff])
        for text in ["A", "A===", "Zg==Zg==", "Zm9v!", "Z m9v", "Zm9vé"] {
            #expect(Base64.decode(text.utf8) == nil, "\(text)")
        }
        let dice = SeededDice(2)
        for length in 0..<70 {
            let bytes = dice.bytes(length)
            #expect(Base64.decode(Base64.encode(bytes).utf8) == bytes && Base64.decode(Base64.url(bytes).utf8) == bytes)
        }
    }

    @Test("a UUID is version 4, and dice of one seed fall alike")
    func ids() {
        let dice = SeededDice(3)
        let ids = (0..<200).map { _ in dice.uuid() }
        #expect(
            Set(ids).count == 200
                && ids.allSatisfy { $0.utf8.count == 36 && Array($0)[14] == "4" && "89ab".contains(Array($0)[19]) })
        #expect(SeededDice(3).uuid() == ids[0] && SeededDice(4).uuid() != ids[0])
    }

    @Test("text within its bounds passes, and control characters do not")
    func text() throws {
        let type = FieldType.text(max: 4, lines: false)
        try type.check("abcd", name: "x")
        for bad: JSON in ["abcde", "éé é", 1, nil, "a\nb", "a\0", "\u{7f}"] {
            #expect(throws: CloudError.self) { try type.check(bad, name: "x") }
        }
        try FieldType.text(max: 9, lines: true).check("a\n\tb", name: "x")
        #expect(throws: CloudError.self) { try FieldType.text(max: 9, lines: true).check("a\u{1b}", name: "x") }
    }
}
