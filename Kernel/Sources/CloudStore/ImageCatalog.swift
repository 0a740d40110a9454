import CloudCore

/// What compute asks of the image service.
public struct BootImage: Hashable, Sendable {
    public var id: String
    /// `raw` or `qcow2`, as checked at import.
    public var format: String
    /// Bytes of the disk it describes.
    public var virtualSize: Int
    /// MiB of memory and GiB of disk that a server needs for it.
    public var minRAM: Int
    public var minDisk: Int
    public init(id: String, format: String, virtualSize: Int, minRAM: Int, minDisk: Int) {
        (self.id, self.format, self.virtualSize) = (id, format, virtualSize)
        (self.minRAM, self.minDisk) = (minRAM, minDisk)
    }
}

/// Finds what servers begin as; the image service is one.
public protocol ImageCatalog: Sendable {
    /// The image, ready to boot from; `invalid` where the caller cannot use it.
    func bootable(_ id: String, for caller: Caller, in reader: any Reader) throws(CloudError) -> BootImage
}
