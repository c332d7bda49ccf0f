package heap

const processVMReadv = 310
