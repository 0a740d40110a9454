/// Text of anyone's in a drawing: made harmless, and cut to the room that there is.
enum SVGText {
    /// With `&`, `<`, `>` and quotation marks written out, and without what XML does not allow (XML 1.0, 2.2).
    static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default:
                let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
                // What turns the direction of writing around would turn the rest of the line too.
                let isTurn = (0x202a...0x202e).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
                if !isControl, !isTurn, scalar.value & 0xfffe != 0xfffe { out.unicodeScalars.append(scalar) }
            }
        }
        return out
    }

    /// About how wide a text is drawn, in units of its size: no font is at hand to ask.
    static func width(_ text: String) -> Double { text.unicodeScalars.reduce(0) { $0 + width($1) } }

    private static func width(_ scalar: Unicode.Scalar) -> Double {
        switch scalar.value {
        case 0x0300...0x036f, 0x200b...0x200f, 0xfe00...0xfe0f: 0
        case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe4f, 0xff00...0xff60,
            0x1f000...0x1faff, 0x20000...0x3fffd:
            1
        case 0x20, 0x2c, 0x2e, 0x3a, 0x69, 0x6a, 0x6c: 0.3
        case 0x41...0x5a, 0x6d, 0x77, 0x40: 0.72
        default: 0.57
        }
    }

    /// As much of a text as fits, with `…` for the rest.
    static func fitted(_ text: String, _ room: Double, size: Double) -> String {
        guard width(text) * size > room else { return text }
        var (out, used) = ("", 1.0)
        for character in text {
            let wide = width(String(character))
            if (used + wide) * size > room { break }
            used += wide
            out.append(character)
        }
        return out + "…"
    }
}
