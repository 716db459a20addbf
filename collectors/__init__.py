"""One source, one module: fetch meets the network, parse is a pure function of bytes."""
