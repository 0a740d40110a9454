import Crypto
import CryptoExtras
import ArgumentParser
print("hi")
