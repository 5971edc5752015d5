print("vtlscope")
